/* SPDX-License-Identifier: BSD-3-Clause */
/* The examples of RFC 8976, appendix A, and what may be wrong with them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "zone/zone.h"

/* A.1 */
#define SIMPLE_DIGEST                                                                              \
	"c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98"   \
	"b8e730044c"
#define SIMPLE_APEX                                                                                \
	"example. 86400 IN SOA ns1.example. admin.example. 2018031900 1800 900 604800 86400\n"     \
	"example. 86400 IN NS ns1.example.\n"                                                      \
	"example. 86400 IN NS ns2.example.\n"
#define SIMPLE_HOSTS                                                                               \
	"ns1.example. 3600 IN A 203.0.113.63\n"                                                    \
	"ns2.example. 3600 IN AAAA 2001:db8::63\n"
#define SIMPLE_ZONEMD "example. 86400 IN ZONEMD 2018031900 1 1 " SIMPLE_DIGEST "\n"

/* A.3 */
#define DIGESTS_384                                                                                \
	"62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c279dd10f0edb1c56f8080211f8" \
	"480ee306"
#define DIGESTS_512                                                                                \
	"08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2fa9a5e6eb85f37c8a4e114d884e66f176eab121cb" \
	"02db7d652e0cc4827e7a3204f166b47e5613fd27"
#define DIGESTS_REST                                                                               \
	"example. 86400 IN ZONEMD 2018031900 1 240 e2d523f654b9422a96c5a8f44607bbee\n"             \
	"example. 86400 IN ZONEMD 2018031900 241 1 e1846540e33a9e4189792d18d5d131f605fc283e\n"     \
	"ns1.example. 3600 IN A 203.0.113.63\n"                                                    \
	"ns2.example. 86400 IN TXT \"This example has multiple digests\"\n"                        \
	"NS2.EXAMPLE. 3600 IN AAAA 2001:db8::63\n"

static int
verify(const char *text, enum zone_policy policy, struct zone_verification *done, struct why *why)
{
	const struct zone_verify_options options = {.dnssec = ZONE_OFF, .zonemd = policy};
	struct zone *zone = NULL;
	int rc = zone_load_text("zone", (const uint8_t *)text, strlen(text), NULL, &zone, why);

	if (rc == 0)
		rc = zone_verify(zone, &options, done, why);
	zone_free(zone);
	return rc;
}

static const char *const good[] = {
	SIMPLE_APEX SIMPLE_ZONEMD SIMPLE_HOSTS,
	/* in any order, with duplicates, in any case */
	SIMPLE_APEX SIMPLE_HOSTS SIMPLE_HOSTS "EXAMPLE. 86400 IN NS NS2.Example.\n" SIMPLE_ZONEMD,
	/* a digest that nobody can compute beside one that is right */
	SIMPLE_APEX SIMPLE_ZONEMD SIMPLE_HOSTS
	"example. 86400 IN ZONEMD 2018031900 1 240 000102030405060708090a0b\n",
	SIMPLE_APEX "example. 86400 IN ZONEMD 2018031900 1 1 " DIGESTS_384 "\n"
		    "example. 86400 IN ZONEMD 2018031900 1 2 " DIGESTS_512 "\n" DIGESTS_REST,
	SIMPLE_APEX "example. 86400 IN ZONEMD 2018031900 1 2 " DIGESTS_512 "\n" DIGESTS_REST,
};

Test(zone_zonemd, agrees_with_the_examples_of_rfc_8976)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct zone_verification done;
		struct why why = {0};

		cr_expect_eq(verify(good[i], ZONE_REQUIRE, &done, &why), 0, "%s", why.text);
		cr_expect(done.zonemd);
		cr_expect_str_eq(done.warning.text, "");
	}
}

static const struct {
	const char *text, *why;
} bad[] = {
	{SIMPLE_APEX SIMPLE_ZONEMD SIMPLE_HOSTS "ns1.example. 3600 IN A 203.0.113.64\n",
		"zone:4: example. ZONEMD: the digest is not that of the zone"},
	{SIMPLE_APEX SIMPLE_ZONEMD "ns1.example. 3601 IN A 203.0.113.63\n"
				   "ns2.example. 3600 IN AAAA 2001:db8::63\n",
		"zone:4: example. ZONEMD: the digest is not that of the zone"},
	{SIMPLE_APEX "example. 86400 IN ZONEMD 2018031901 1 1 " SIMPLE_DIGEST "\n" SIMPLE_HOSTS,
		"zone:4: example. ZONEMD: serial 2018031901, but the SOA has 2018031900"},
	{SIMPLE_APEX SIMPLE_ZONEMD "example. 86400 IN ZONEMD 2018031900 1 1 "
				   "000102030405060708090a0b0c0d0e0f\n" SIMPLE_HOSTS,
		"a second one of its scheme and hash"},
	{SIMPLE_APEX "example. 86400 IN ZONEMD 2018031900 1 1 000102030405060708090a0b\n",
		"zone:4: example. ZONEMD: the digest is not that of the zone"},
	{SIMPLE_APEX "example. 86400 IN ZONEMD 2018031900 1 1 " SIMPLE_DIGEST "00\n" SIMPLE_HOSTS,
		"zone:4: example. ZONEMD: the digest is not that of the zone"},
	{SIMPLE_APEX "example. 86400 IN ZONEMD 2018031900 1 1 0001020304050607080900\n",
		"zone:4: example. ZONEMD: its data is not of the form that this type has"},
	/* both hashes are looked at, and one is wrong */
	{SIMPLE_APEX "example. 86400 IN ZONEMD 2018031900 1 1 " SIMPLE_DIGEST "\n"
		     "example. 86400 IN ZONEMD 2018031900 1 2 " DIGESTS_512 "\n" DIGESTS_REST,
		"the digest is not that of the zone"},
};

Test(zone_zonemd, is_refused_when_wrong_even_where_it_is_optional)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zone_verification done;
		struct why why = {0};

		cr_expect_lt(verify(bad[i].text, ZONE_REQUIRE, &done, &why), 0, "%s", bad[i].text);
		cr_expect(strstr(why.text, bad[i].why), "%s\n  got: %s\n wanted: %s", bad[i].text,
			why.text, bad[i].why);
		cr_expect_lt(verify(bad[i].text, ZONE_IF_PRESENT, &done, &why), 0);
	}
}

Test(zone_zonemd, of_unknown_kinds_alone_proves_nothing)
{
	static const char text[] = SIMPLE_APEX DIGESTS_REST;
	struct zone_verification done;
	struct why why = {0};

	cr_expect_lt(verify(text, ZONE_REQUIRE, &done, &why), 0);
	cr_expect_str_eq(
		why.text, "zone: example. ZONEMD: the zone has no ZONEMD that can be verified");
	cr_expect_eq(verify(text, ZONE_IF_PRESENT, &done, &why), 0);
	cr_expect_not(done.zonemd);
	cr_expect_str_eq(done.warning.text,
		"zone: example. ZONEMD: of no scheme and hash that can be verified");
	cr_expect_eq(verify(text, ZONE_OFF, &done, &why), 0);
}
