/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "surge/surge.h"

/* A server that loses what is above its capacity. @return tries */
static unsigned int
search_run(
	struct surge_search *search, double least, double most, double resolution, double capacity)
{
	unsigned int tries = 0;

	surge_search_begin(search, least, most, resolution);
	while (!search->over) {
		cr_assert_lt(tries, 100);
		cr_assert(search->rate >= least && search->rate <= most, "%f", search->rate);
		surge_search_tell(search, search->rate <= capacity);
		tries++;
	}
	return tries;
}

Test(surge_search, ends_within_its_resolution_below_the_capacity)
{
	for (double capacity = 1000; capacity < 10e6; capacity *= 1.37) {
		struct surge_search search;
		unsigned int tries = search_run(&search, 100, 10e6, .02, capacity);

		cr_expect_leq(search.rate, capacity);
		cr_expect_geq(search.rate, capacity * .97, "%f of %f", search.rate, capacity);
		cr_expect_lt(tries, 30);
	}
}

Test(surge_search, takes_the_most_if_that_passes)
{
	struct surge_search search;

	cr_expect_eq(search_run(&search, 1, 5e6, .01, 5e6), 1);
	cr_expect_eq(search.rate, 5e6);
}

Test(surge_search, finds_nothing_if_the_least_fails)
{
	struct surge_search search;

	search_run(&search, 1000, 5e6, .01, 999);
	cr_expect_eq(search.rate, 0);
}

Test(surge_search, finds_the_least_if_only_that_passes)
{
	struct surge_search search;

	search_run(&search, 1000, 5e6, .01, 1000);
	cr_expect_eq(search.rate, 1000);
}

Test(surge_search, needs_one_try_where_least_and_most_are_one)
{
	struct surge_search search;

	cr_expect_eq(search_run(&search, 1000, 1000, .01, 999), 1);
	cr_expect_eq(search.rate, 0);
	cr_expect_eq(search_run(&search, 1000, 1000, .01, 1000), 1);
	cr_expect_eq(search.rate, 1000);
}
