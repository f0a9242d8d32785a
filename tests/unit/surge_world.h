/* SPDX-License-Identifier: BSD-3-Clause */
/* A small signed root, a workload for it, and its templates. */
#ifndef SURGE_WORLD_H
#define SURGE_WORLD_H

#include <criterion/criterion.h>

#include "oracle_zone.h"
#include "surge/surge.h"

#define SIGNED(owner, ttl, type) SIGNATURE(owner, ttl, type, "1")

static const char surge_zone_text[] = ". 86400 IN SOA a. b. 7 1 1 1 86400\n" SIGNED(
	".", "86400", "SOA") ". 86400 IN NS ns.com.\n" SIGNED(".", "86400",
	"NS") ". 86400 IN DNSKEY 257 3 8 QUJD\n" SIGNED(".", "86400",
	"DNSKEY") ". 86400 IN NSEC com. NS SOA RRSIG NSEC DNSKEY\n" SIGNED(".", "86400",
	"NSEC") "com. 86400 IN NS ns.com.\nns.com. 86400 IN A 192.0.2.1\n"
		"com. 86400 IN DS 1 8 2 "
		"0000000000000000000000000000000000000000000000000000000000000000\n" SIGNED("com.",
			"86400", "DS") "com. 86400 IN NSEC org. NS DS RRSIG NSEC\n" SIGNED("com.",
			"86400", "NSEC") "org. 86400 IN NS ns.com.\n"
					 "org. 86400 IN NSEC . NS RRSIG NSEC\n" SIGNED(
						 "org.", "86400", "NSEC");

struct surge_world {
	struct zone *zone;
	const struct zone *zones[1];
	struct surge_model model;
	struct workload work;
	struct surge_templates templates;
};

static inline void
surge_world_begin(struct surge_world *w, struct workload_wishes wishes)
{
	struct why why;

	memset(w, 0, sizeof(*w));
	w->zone = zone_from_text(surge_zone_text);
	w->zones[0] = w->zone;
	w->model = (struct surge_model){
		.zones = {.count = 1, .zones = w->zones}, .self = {.secrets = {.count = 1}}};
	cr_assert_eq(workload_make(&w->work, &wishes, w->zone, &why), 0, "%s", why.text);
	cr_assert_eq(surge_templates_make(&w->templates, &w->work, NULL, &w->model, NULL, &why), 0,
		"%s", why.text);
}

static inline void
surge_world_end(struct surge_world *w)
{
	surge_templates_free(&w->templates);
	workload_free(&w->work);
	zone_free(w->zone);
}

#endif
