/* SPDX-License-Identifier: BSD-3-Clause */
/* What looking for heavy hitters costs a query: pages of 32 from many prefixes for many names. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sketch/sketch.h"

enum { PAGES = 64, ROUNDS = 2000 };

static struct ledger_page pages[PAGES];
static uint8_t messages[PAGES][LEDGER_PAGE][40];
static uint8_t clients[PAGES][LEDGER_PAGE][4];

static void
pages_make(void)
{
	uint32_t random = 20261128;

	for (unsigned int i = 0; i < PAGES; i++)
		for (unsigned int k = 0; k < LEDGER_PAGE; k++) {
			random = random * 1664525 + 1013904223;
			memcpy(clients[i][k], &random, 4);
			memcpy(messages[i][k] + 12, "\x0cname-of-host\3com", 18);
			pages[i].lines[k] = (struct ledger_line){
				.query = messages[i][k],
				.client = clients[i][k],
				.node = (random >> 8) % 1439,
				.rcode = random % 2 ? 3 : 0,
				.qname_length = 18,
			};
			pages[i].count = LEDGER_PAGE;
		}
}

static double
seconds(void)
{
	struct timespec now;

	/* of this thread: others may have the CPU meanwhile */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
main(void)
{
	static const double rates[] = {1000, 100000, 1000000, 10000000};

	pages_make();
	for (unsigned int i = 0; i < 4; i++) {
		struct sketch *sketch = sketch_new();
		double begin, queries = 0;

		if (!sketch)
			return 1;
		begin = seconds();
		for (unsigned int round = 0; round < ROUNDS; round++)
			for (unsigned int p = 0; p < PAGES; p++) {
				queries += LEDGER_PAGE;
				pages[p].now = 1000 + (uint32_t)(queries / rates[i]);
				sketch_read(sketch, &pages[p]);
			}
		printf("%10.0f queries a second: %5.2f ns a query\n", rates[i],
			(seconds() - begin) * 1e9 / queries);
		sketch_free(sketch);
	}
	return 0;
}
