/* SPDX-License-Identifier: BSD-3-Clause */
/* What only a root server sees, for a person (docs/observatory.md). */
#include <stdio.h>
#include <string.h>

#include "print.h"

enum { PERCENT = 100, LEAKS_SHOWN = 20 };

static json_t *
at(const json_t *object, const char *first, const char *second)
{
	return json_object_get(json_object_get(object, first), second);
}

static long long
percent(int64_t part, int64_t whole)
{
	return whole ? (long long)(part * PERCENT / whole) : 0;
}

/* About how many networks; all bits of what counts them may be set by more. */
static const char *
networks_text(const json_t *total, char text[static 32])
{
	const json_t *networks = json_object_get(total, "networks");

	if (json_is_integer(networks))
		snprintf(text, 32, "%lld", (long long)json_integer_value(networks));
	else
		snprintf(text, 32, "over 250");
	return text;
}

/* ---- trust anchors ---- */

static void
tags_text(const json_t *tags, char *text, size_t size)
{
	const json_t *tag;
	size_t used = 0, i;

	text[0] = '\0';
	json_array_foreach(tags, i, tag)
	{
		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%lld", i ? " " : "",
				(long long)json_integer_value(tag));
	}
}

static void
sets_print(const json_t *day, const char *key, const char *heading)
{
	const json_t *sets = json_object_get(day, key), *set;
	char tags[128], networks[32];
	size_t i;

	if (json_array_size(sets) == 0)
		return;
	printf("  %-8s %9s %9s  key tags\n", heading, "times", "networks");
	json_array_foreach(sets, i, set)
	{
		tags_text(json_object_get(set, "tags"), tags, sizeof(tags));
		printf("  %-8s %9lld %9s  ", "", (long long)number_of(set, "queries"),
			networks_text(set, networks));
		words_print("", 32, "%s", tags);
	}
}

static void
signals_print(const json_t *reply, const json_t *day)
{
	const json_t *counts = json_object_get(reply, "signals");
	long long seen = (long long)number_of(counts, "options_seen");

	puts("trust anchors that resolvers signal (RFC 8145), today");
	sets_print(day, "signal_queries", "queries");
	sets_print(day, "signal_options", "options");
	words_print("  since the start: ", 4,
		"%lld queries, %lld malformed, %lld passed over; %lld options, %lld malformed, "
		"looked for in %lld of %lld DNSKEY queries with EDNS",
		(long long)number_of(counts, "queries"),
		(long long)number_of(counts, "queries_malformed"),
		(long long)number_of(counts, "queries_passed_over"),
		(long long)number_of(counts, "options"),
		(long long)number_of(counts, "options_malformed"), seen,
		seen + (long long)number_of(counts, "options_unseen"));
}

/* ---- DNSKEY ---- */

static void
sizes_print(const json_t *way, const char *key, const char *heading)
{
	const json_t *size;
	char text[512] = "";
	size_t used = 0, i;

	json_array_foreach(json_object_get(way, key), i, size)
	{
		const json_t *most = json_array_get(size, 0);
		long long count = (long long)json_integer_value(json_array_get(size, 1));
		char bound[32] = "more";

		if (count == 0 || used >= sizeof(text))
			continue;
		if (json_is_integer(most))
			snprintf(bound, sizeof(bound), "<=%lld",
				(long long)json_integer_value(most));
		if (json_integer_value(most) == 0 && json_is_integer(most))
			snprintf(bound, sizeof(bound), "none");
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%lld",
			used ? "  " : "", bound, count);
	}
	if (used)
		words_print(heading, 14, "%s", text);
}

static void
dnskey_print(const json_t *reply)
{
	static const char *const names[] = {"udp", "tcp"};

	puts("the root's DNSKEY, since the start");
	for (unsigned int i = 0; i < 2; i++) {
		const json_t *way = at(reply, "dnskey", names[i]);

		printf("  %-11s %lld queries, %lld %% with DO", names[i],
			(long long)number_of(way, "queries"),
			percent(number_of(way, "dnssec_ok"), number_of(way, "queries")));
		if (i == 0)
			printf(", %lld truncated",
				(long long)json_integer_value(at(reply, "dnskey", "truncated")));
		putchar('\n');
		sizes_print(way, "edns_sizes", "    EDNS      ");
		sizes_print(way, "reply_sizes", "    replies   ");
	}
}

/* ---- leaks ---- */

static void
leaks_print(const json_t *reply, const json_t *day)
{
	const json_t *leaks = json_object_get(day, "leaks"), *leak;
	long long one_in = (long long)number_of(reply, "sample_one_in");
	char networks[32];
	size_t i;

	words_print("", 2,
		"missing top-level names, today: those that %lld networks ask for, and %lld "
		"queries of the sample",
		(long long)number_of(reply, "leak_networks_min"),
		(long long)number_of(reply, "leak_queries_min"));
	if (json_array_size(json_object_get(leaks, "names")))
		printf("  %12s %9s  name\n", "queries", "networks");
	json_array_foreach(json_object_get(leaks, "names"), i, leak)
	{
		if (i == LEAKS_SHOWN)
			break;
		printf("  %12lld %9s  ", (long long)number_of(leak, "queries") * one_in,
			networks_text(leak, networks));
		words_print("", 27, "%s", text_of(leak, "name"));
	}
	printf("  %lld names are held back\n", (long long)number_of(leaks, "held_back"));
}

/* ---- RFC 8198 ---- */

static void
window_print(const json_t *window)
{
	const json_t *networks = json_object_get(window, "networks");
	long long asked = (long long)number_of(window, "asked");
	char from[TIME_TEXT_SIZE];

	words_print("  ", 4,
		"from %s%s: %lld networks use them, %lld do not, %lld in part, %lld ask without "
		"DNSSEC, of %lld too little is seen; %lld %% of %lld queries were repeats",
		time_text(window, "from", from),
		json_is_true(json_object_get(window, "complete")) ? "" : ", so far",
		(long long)number_of(networks, "uses"), (long long)number_of(networks, "uses_not"),
		(long long)number_of(networks, "mixed"),
		(long long)number_of(networks, "no_dnssec"),
		(long long)number_of(networks, "too_little"),
		percent(number_of(window, "repeats"), asked), asked);
}

void
print_observe(const json_t *reply)
{
	const json_t *day = json_array_get(json_object_get(reply, "days"), 0), *window;
	char since[TIME_TEXT_SIZE];
	size_t i;

	words_print("", 2, "since %s: %lld queries, %lld in the sample (one burst in %lld)",
		time_text(reply, "since", since), (long long)number_of(reply, "queries"),
		(long long)number_of(reply, "sampled"),
		(long long)number_of(reply, "sample_one_in"));
	signals_print(reply, day);
	dnskey_print(reply);
	leaks_print(reply, day);
	words_print("", 2, "NSEC records that networks use again (RFC 8198), one network in %lld",
		(long long)json_integer_value(at(reply, "aggressive", "networks_one_in")));
	json_array_foreach(at(reply, "aggressive", "windows"), i, window) window_print(window);
}
