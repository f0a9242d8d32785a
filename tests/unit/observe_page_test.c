/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages in, figures out. */
#include "observe_line.h"

static struct observe_set *
set_of(const struct observe_settings *settings, struct observer **observer)
{
	struct observe_set *set = observe_set_new(settings);

	cr_assert_not_null(set);
	*observer = observer_add(set);
	return set;
}

static json_int_t
number_at(const json_t *json, const char *first, const char *second)
{
	const json_t *number = json_object_get(json_object_get(json, first), second);

	cr_assert(json_is_integer(number), "%s.%s", first, second);
	return json_integer_value(number);
}

static json_t *
day_at(const json_t *json, size_t index)
{
	return json_array_get(json_object_get(json, "days"), index);
}

/* ---- signals ---- */

static void
signal_ask(struct observer *o, const char *qname, uint16_t qtype, uint32_t network)
{
	struct asked a;

	asked_make(&a, qname, qtype, network);
	observe_page(o, &a.page);
}

Test(observe_page, counts_sets_of_key_tags)
{
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	json_t *json, *sets, *first;

	for (uint32_t i = 0; i < 30; i++)
		signal_ask(o, i % 2 ? "_ta-4f66-9728." : "_TA-4F66-9728.", 10, i);
	signal_ask(o, "_ta-4f66.", 10, 1);
	json = observe_set_json(set, NOW);
	cr_assert_not_null(json);
	sets = json_object_get(day_at(json, 0), "signal_queries");
	cr_assert_eq(json_array_size(sets), 2);
	first = json_array_get(sets, 0);
	cr_expect_eq(json_integer_value(json_object_get(first, "queries")), 30);
	cr_expect_eq(json_integer_value(json_object_get(first, "queries_at_least")), 30);
	cr_expect_leq(json_integer_value(json_object_get(first, "networks_at_least")), 30);
	cr_expect_geq(json_integer_value(json_object_get(first, "networks_at_least")), 10);
	cr_expect_eq(json_integer_value(json_array_get(json_object_get(first, "tags"), 0)), 20326);
	cr_expect_eq(json_integer_value(json_array_get(json_object_get(first, "tags"), 1)), 38696);
	cr_expect_eq(json_array_size(json_object_get(first, "tags")), 2);
	/* they do not exist, which is no leak */
	cr_expect_eq(number_at(json, "signals", "queries"), 31);
	cr_expect_eq(json_integer_value(json_object_get(json, "sampled_leaks")), 0);
	json_decref(json);
	observe_set_free(set);
}

Test(observe_page, refuses_what_is_no_signal)
{
	static const struct {
		const char *qname;
		uint16_t qtype;
		unsigned int right, malformed;
	} queries[] = {
		{"_ta-4f66.", 10, 1, 0},
		{"_ta-4f66-.", 10, 0, 1},
		{"_ta-4f6.", 10, 0, 1},
		{"_ta-4g66.", 10, 0, 1},
		{"_ta-4f66x9728.", 10, 0, 1},
		{"_ta-.", 10, 0, 1},
		{"_ta.", 10, 0, 0},
		{"x.", 10, 0, 0},
		{".", 10, 0, 0},
		{"_ta-4f66.com.", 10, 0, 0},
		{"a._ta-4f66.", 10, 0, 0},
		{"_ta-4f66.", 1, 0, 0},
		{"_ta-0000-1111-2222-3333-4444-5555-6666-7777-8888-9999-aaaa-bbbb.", 10, 1, 0},
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct observer *o;
		struct observe_set *set = set_of(&observe_all, &o);

		signal_ask(o, queries[i].qname, queries[i].qtype, 1);
		cr_expect_eq(o->counters.signals[OBSERVE_SIGNAL_QUERY], queries[i].right, "%s",
			queries[i].qname);
		cr_expect_eq(o->counters.malformed[OBSERVE_SIGNAL_QUERY], queries[i].malformed,
			"%s", queries[i].qname);
		observe_set_free(set);
	}
}

Test(observe_page, lets_a_flood_of_signals_cost_little)
{
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	struct asked a;

	asked_make(&a, "_ta-4f66.", 10, 1);
	for (unsigned int i = 1; i < LEDGER_PAGE; i++)
		a.page.lines[i] = a.page.lines[0];
	a.page.count = LEDGER_PAGE;
	observe_page(o, &a.page);
	cr_expect_eq(o->counters.signals[OBSERVE_SIGNAL_QUERY], OBSERVE_SIGNALS_A_PAGE);
	cr_expect_eq(o->counters.passed_over, LEDGER_PAGE - OBSERVE_SIGNALS_A_PAGE);
	observe_set_free(set);
}

/* ---- DNSKEY ---- */

/* A query with an OPT of these options, whose reply stands elsewhere. */
static void
dnskey_ask(struct observer *o, const uint8_t *options, uint8_t size, uint8_t flags, bool in_place)
{
	static const uint8_t reply[2];
	struct asked a;
	struct ledger_line *line = &a.page.lines[0];
	uint8_t *opt;

	asked_make(&a, ".", WIRE_TYPE_DNSKEY, 1);
	opt = a.message + line->query_length;
	memcpy(opt, (const uint8_t[]){0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, size}, WIRE_OPT_SIZE);
	if (size)
		memcpy(opt + WIRE_OPT_SIZE, options, size);
	line->query_length = (uint16_t)(line->query_length + WIRE_OPT_SIZE + size);
	line->rcode = 0;
	line->flags = (uint8_t)(LEDGER_EDNS | LEDGER_DO | flags);
	line->edns_size = 1232;
	line->reply_length = 1139;
	line->key_tags = size > 0;
	if (!in_place)
		line->reply = reply;
	observe_page(o, &a.page);
}

Test(observe_page, reads_key_tags_out_of_options)
{
	static const uint8_t tags[] = {
		0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 14, 0, 4, 0x97, 0x28, 0x4f, 0x66};
	static const uint8_t odd[] = {0, 14, 0, 3, 0x97, 0x28, 0x4f}, none[] = {0, 14, 0, 0},
			     long_one[] = {0, 14, 0, 40, 1, 2};
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	json_t *json, *sets;

	dnskey_ask(o, tags, sizeof(tags), 0, false);
	dnskey_ask(o, odd, sizeof(odd), 0, false);
	dnskey_ask(o, none, sizeof(none), 0, false);
	dnskey_ask(o, long_one, sizeof(long_one), 0, false);
	/* one that its reply has overwritten */
	dnskey_ask(o, tags, sizeof(tags), 0, true);
	json = observe_set_json(set, NOW);
	sets = json_object_get(day_at(json, 0), "signal_options");
	cr_assert_eq(json_array_size(sets), 1);
	sets = json_object_get(json_array_get(sets, 0), "tags");
	cr_expect_eq(json_integer_value(json_array_get(sets, 0)), 20326, "sorted");
	cr_expect_eq(json_integer_value(json_array_get(sets, 1)), 38696);
	cr_expect_eq(number_at(json, "signals", "options"), 1);
	cr_expect_eq(number_at(json, "signals", "options_malformed"), 2);
	cr_expect_eq(number_at(json, "signals", "options_seen"), 3);
	cr_expect_eq(number_at(json, "signals", "options_unseen"), 2);
	json_decref(json);
	observe_set_free(set);
}

Test(observe_page, counts_how_dnskey_answers_fare)
{
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	const json_t *udp;
	json_t *json;

	dnskey_ask(o, NULL, 0, 0, true);
	dnskey_ask(o, NULL, 0, LEDGER_TC, true);
	dnskey_ask(o, NULL, 0, LEDGER_TCP, false);
	signal_ask(o, "com.", WIRE_TYPE_DNSKEY, 1);
	json = observe_set_json(set, NOW);
	cr_expect_eq(number_at(json, "dnskey", "truncated"), 1);
	udp = json_object_get(json_object_get(json, "dnskey"), "udp");
	cr_expect_eq(json_integer_value(json_object_get(udp, "queries")), 2);
	cr_expect_eq(json_integer_value(json_object_get(udp, "dnssec_ok")), 2);
	udp = json_array_get(json_object_get(udp, "reply_sizes"), 0);
	cr_expect_eq(json_integer_value(json_array_get(udp, 0)), 1151);
	cr_expect_eq(json_integer_value(json_array_get(udp, 1)), 2);
	cr_expect_eq(o->counters.edns[OBSERVE_TCP][2], 1);
	json_decref(json);
	observe_set_free(set);
}

/* ---- leaks ---- */

static void
leak_ask(struct observer *o, const char *qname, uint32_t network)
{
	struct asked a;

	asked_make(&a, qname, 1, network);
	a.page.lines[0].node = 3;
	a.page.lines[0].flags = LEDGER_DO | LEDGER_EDNS;
	observe_page(o, &a.page);
}

static json_t *
leaks_of(const struct observe_set *set)
{
	json_t *json = observe_set_json(set, NOW), *leaks;

	leaks = json_incref(json_object_get(day_at(json, 0), "leaks"));
	json_decref(json);
	return leaks;
}

Test(observe_page, tells_a_missing_name_that_many_networks_ask_for)
{
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	json_t *leaks, *names;

	for (uint32_t i = 0; i < 100; i++)
		leak_ask(o, i % 2 ? "printer.HOME." : "a.b.c.home.", i);
	leak_ask(o, "my-secret-host.", 1);
	leaks = leaks_of(set);
	names = json_object_get(leaks, "names");
	cr_assert_eq(json_array_size(names), 1);
	names = json_array_get(names, 0);
	cr_expect_str_eq(json_string_value(json_object_get(names, "name")), "home.");
	cr_expect_eq(json_integer_value(json_object_get(names, "queries")), 100);
	cr_expect_eq(json_integer_value(json_object_get(leaks, "held_back")), 1);
	json_decref(leaks);
	observe_set_free(set);
}

/* Whatever is asked by whom how often: nothing is told that too few networks asked for, or too
 * seldom. */
Test(observe_page, never_tells_a_name_below_the_threshold)
{
	enum { NAMES = 400, QUERIES = 20000 };
	static bool asked[NAMES][64];
	static unsigned int times[NAMES];

	for (unsigned int seed = 1; seed <= 4; seed++) {
		struct observer *observers[2];
		struct observe_set *set = set_of(&observe_all, &observers[0]);
		json_t *leaks, *leak;
		size_t i;

		observers[1] = observer_add(set);
		srand(seed);
		memset(asked, 0, sizeof(asked));
		memset(times, 0, sizeof(times));
		for (unsigned int k = 0; k < QUERIES; k++) {
			/* names by how many networks know them: 1 to 12 of 64 */
			unsigned int name = (unsigned int)rand() % NAMES;
			uint32_t network = (uint32_t)rand() % (1 + name % 12) * 5 % 64;
			char qname[32];

			snprintf(qname, sizeof(qname), "host.name%u.", name);
			leak_ask(observers[rand() % 2], qname, network);
			asked[name][network] = true;
			times[name]++;
		}
		leaks = leaks_of(set);
		cr_expect_gt(json_array_size(json_object_get(leaks, "names")), 0);
		json_array_foreach(json_object_get(leaks, "names"), i, leak)
		{
			const char *text = json_string_value(json_object_get(leak, "name"));
			unsigned int name = (unsigned int)atoi(text + strlen("name")), count = 0;

			for (unsigned int k = 0; k < 64; k++)
				count += asked[name][k];
			cr_expect_geq(count, observe_all.leak_networks_min, "%s: %u networks", text,
				count);
			cr_expect_geq(times[name], observe_all.leak_queries_min, "%s", text);
			cr_expect_leq(
				json_integer_value(json_object_get(leak, "networks_at_least")),
				count, "%s", text);
		}
		json_decref(leaks);
		observe_set_free(set);
	}
}

Test(observe_page, writes_no_octet_of_a_name_that_a_terminal_would_obey)
{
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	json_t *leaks;

	for (uint32_t i = 0; i < 100; i++)
		leak_ask(o, "\\027[2J\\255.", i);
	leaks = leaks_of(set);
	cr_assert_eq(json_array_size(json_object_get(leaks, "names")), 1);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(leaks, "names"), 0), "name")),
		"\\027[2j\\255.");
	json_decref(leaks);
	observe_set_free(set);
}

Test(observe_page, samples_about_one_burst_in_so_many)
{
	struct observe_settings settings = observe_all;
	struct observer *o;
	struct observe_set *set;

	settings.sample_one_in = 50;
	set = set_of(&settings, &o);
	for (uint32_t i = 0; i < 50000; i++)
		leak_ask(o, "home.", i);
	cr_expect_eq(o->counters.queries, 50000);
	cr_expect_geq(o->counters.sampled, 800);
	cr_expect_leq(o->counters.sampled, 1250);
	observe_set_free(set);
}

/* ---- networks ---- */

Test(observe_page, looks_at_some_networks_at_all_their_queries)
{
	struct observe_settings settings = observe_all;
	struct observer *o;
	struct observe_set *set;
	uint64_t looked_at = 0;

	settings.networks_one_in = 8;
	settings.sample_one_in = 1000000;
	set = set_of(&settings, &o);
	for (uint32_t network = 0; network < 1000; network++)
		for (unsigned int i = 0; i < 3; i++)
			leak_ask(o, "home.", network);
	for (unsigned int i = 0; i < OBSERVE_NETWORKS; i++) {
		struct observe_network *n = &o->networks[0][i];

		n = n->key ? n : &o->networks[1][i];
		looked_at += n->key != 0;
		cr_expect(n->key == 0 || n->with_do == 3, "%u", n->with_do);
	}
	cr_expect_geq(looked_at, 70);
	cr_expect_leq(looked_at, 180);
	observe_set_free(set);
}

Test(observe_page, ignores_other_zones_and_what_is_no_query)
{
	struct observer *o;
	struct observe_set *set = set_of(&observe_all, &o);
	struct asked a;

	asked_make(&a, "_ta-4f66.", 10, 1);
	a.page.lines[0].zone = 1;
	observe_page(o, &a.page);
	a.page.lines[0].zone = LEDGER_NO_ZONE;
	observe_page(o, &a.page);
	o->views[0].zone = OBSERVE_NO_ROOT;
	observe_page(o, &a.page);
	cr_expect_eq(o->counters.signals[OBSERVE_SIGNAL_QUERY], 0);
	cr_expect_eq(o->counters.malformed[OBSERVE_SIGNAL_QUERY], 0);
	cr_expect_eq(o->counters.sampled_leaks, 0);
	cr_expect_eq(o->counters.queries, 3);
	observe_set_free(set);
}
