/* SPDX-License-Identifier: BSD-3-Clause */
/* What a version of the root means to observers: its index, its TTL, whether nodes are the same. */
#include "image/image.h"
#include "observe/observe_priv.h"
#include "observe_line.h"
#include "oracle_zone.h"

#define APEX(next)                                                                                 \
	". 86400 IN SOA a. b. 1 1800 900 604800 86400\n"                                           \
	". 518400 IN NS a.ns.example.\n"                                                           \
	". 4711 IN NSEC " next " NS SOA NSEC\n"
#define CUT(name, next) name " 172800 IN NS a.ns.example.\n" name " 4711 IN NSEC " next " NS NSEC\n"

static struct image *
image_of(const char *text)
{
	struct zone *zone = zone_from_text(text);
	struct zone_verification done = {0};
	struct image *image;
	struct why why = {0};

	cr_assert_eq(image_compile(zone, &done, 0, &image, &why), 0, "%s", why.text);
	zone_free(zone);
	return image;
}

Test(observe_set, takes_nodes_for_the_same_while_names_are)
{
	struct image *arpa = image_of("arpa. 86400 IN SOA a. b. 1 1800 900 604800 86400\n"
				      "arpa. 518400 IN NS a.ns.example.\n");
	struct image *first = image_of(APEX("aaa.") CUT("aaa.", "com.") CUT("com.", "."));
	struct image *second = image_of(APEX("aab.") CUT("aab.", "com.") CUT("com.", "."));
	struct observe_set *set = observe_set_new(&observe_all);
	const struct image_catalogue catalogues[] = {{.count = 2, .images = {arpa, first}},
		{.count = 1, .images = {first}}, {.count = 1, .images = {second}},
		{.count = 1, .images = {arpa}}};
	struct observer *before = observe_set_add(set), *after;
	struct observe_view views[4];

	cr_expect_eq(before->views[0].zone, OBSERVE_NO_ROOT);
	for (uint32_t i = 0; i < 4; i++) {
		observe_set_prepare(set, i + 1, &catalogues[i]);
		views[i] = before->views[(i + 1) % 2];
	}
	after = observe_set_add(set);
	cr_expect_eq(memcmp(after->views, before->views, sizeof(after->views)), 0);
	cr_expect_eq(views[0].zone, 1);
	cr_expect_eq(views[0].ttl, 4711);
	cr_expect_eq(views[1].zone, 0);
	cr_expect_eq(views[1].names, views[0].names);
	cr_expect_eq(views[2].names, views[1].names + 1);
	cr_expect_eq(views[3].zone, OBSERVE_NO_ROOT);
	observe_set_free(set);
	image_free(arpa);
	image_free(first);
	image_free(second);
}
