/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "rssac002/rssac002.h"

enum { DAY = 20574, NOON = 43200 }; /* 2026-05-01 */
static const int64_t morning = (int64_t)DAY * RSSAC002_DAY_SECONDS;

static char folder[64];

static void
folder_make(void)
{
	snprintf(folder, sizeof(folder), "/tmp/mangrove-rssac002-XXXXXX");
	cr_assert(mkdtemp(folder));
}

static int
entry_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
folder_remove(void)
{
	nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(rssac002_day, .init = folder_make, .fini = folder_remove);

static struct rssac002_place
place_of(const char *name)
{
	static char paths[32][128];
	static unsigned int next;
	char *path = paths[next++ % 32];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return (struct rssac002_place){.directory = path, .service = "l.root-servers.net"};
}

static void
file_expect(const char *name, const char *text)
{
	char path[512];
	uint8_t *data = NULL;
	size_t size;
	struct why why;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(file_read(path, 1 << 20, &data, &size, &why), 0, "%s", why.text);
	cr_expect_str_eq((const char *)data, text, "%s:\n%s", name, (const char *)data);
	free(data);
}

static void
file_write(const struct rssac002_place *place, const char *metric, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "mkdir -p %s/2026/05/%s", place->directory, metric);
	cr_assert_eq(system(path), 0);
	snprintf(path, sizeof(path), "%s/2026/05/%s/l-root-20260501-%s.yaml", place->directory,
		metric, metric);
	file = fopen(path, "w");
	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

#define HEAD(metric)                                                                               \
	"---\nversion: rssac002v5\nservice: l.root-servers.net\n"                                  \
	"start-period: 2026-05-01T00:00:00Z\nmetric: " metric "\n"

Test(rssac002_day, writes_files_as_they_are_published)
{
	static struct rssac002_figures f;
	struct rssac002_place place = place_of("n");
	struct why why;

	f = (struct rssac002_figures){.day = DAY,
		.version_count = 3,
		.versions = {{2026050100, 200, 1330000, true, true},
			{2026050101, 177, 1330001, true, true}, {2026050102, 174, 0, true, false}},
		.sources = {6279442, 1173365, 711152},
		.queries = {9423299052, 2877947323, 85939359, 32309030},
		.replies = {9411817286, 2848818512, 85993736, 32208127},
		.rcodes = {[0] = 5647641237,
			766254,
			9851832,
			6711039945,
			296883,
			9146798,
			[9] = 94639,
			[16] = 73}};
	f.query_sizes[0][0] = 6754;
	f.query_sizes[0][18] = 27764;
	f.reply_sizes[0][1] = 20006943;
	f.reply_sizes[0][256] = 3;
	cr_assert_eq(rssac002_write(&place, &f, &why), 0, "%s", why.text);
	file_expect("n/2026/05/load-time/l-root-20260501-load-time.yaml",
		HEAD("load-time") "time:\n  2026050100: 200\n  2026050101: 177\n  2026050102: "
				  "174\n");
	file_expect("n/2026/05/zone-size/l-root-20260501-zone-size.yaml",
		HEAD("zone-size") "size:\n  2026050100: 1330000\n  2026050101: 1330001\n");
	file_expect("n/2026/05/rcode-volume/l-root-20260501-rcode-volume.yaml",
		HEAD("rcode-volume") "0: 5647641237\n1: 766254\n2: 9851832\n3: 6711039945\n"
				     "4: 296883\n5: 9146798\n9: 94639\n16: 73\n");
	file_expect("n/2026/05/unique-sources/l-root-20260501-unique-sources.yaml",
		HEAD("unique-sources") "num-sources-ipv4: 6279442\nnum-sources-ipv6: 1173365\n"
				       "num-sources-ipv6-aggregate: 711152\n");
	file_expect("n/2026/05/traffic-volume/l-root-20260501-traffic-volume.yaml",
		HEAD("traffic-volume") "dns-udp-queries-received-ipv4: 9423299052\n"
				       "dns-udp-queries-received-ipv6: 2877947323\n"
				       "dns-tcp-queries-received-ipv4: 85939359\n"
				       "dns-tcp-queries-received-ipv6: 32309030\n"
				       "dns-udp-responses-sent-ipv4: 9411817286\n"
				       "dns-udp-responses-sent-ipv6: 2848818512\n"
				       "dns-tcp-responses-sent-ipv4: 85993736\n"
				       "dns-tcp-responses-sent-ipv6: 32208127\n");
	file_expect("n/2026/05/traffic-sizes/l-root-20260501-traffic-sizes.yaml",
		HEAD("traffic-sizes") "udp-request-sizes:\n  0-15: 6754\n  288-: 27764\n"
				      "udp-response-sizes:\n  16-31: 20006943\n  4096-: 3\n"
				      "tcp-request-sizes: {}\ntcp-response-sizes: {}\n");
}

Test(rssac002_day, reads_what_others_publish)
{
	static struct rssac002_figures f;
	struct rssac002_place place = place_of("n");
	unsigned int found;
	struct why why;

	file_write(&place, "traffic-volume",
		HEAD("traffic-volume") "dns-udp-queries-received-ipv4: 9423299052\n"
				       "dns-tcp-queries-received-ipv6: 32309030\n"
				       "dns-tcp-responses-sent-ipv4: 85993736\n");
	file_write(&place, "traffic-sizes",
		HEAD("traffic-sizes") "udp-request-sizes:\n  0-15: 6754\n  288-: 27764\n"
				      "tcp-response-sizes:\n  4096-: 109257\n  2512-2527: 2950\n"
				      "udp-response-sizes: {}\n");
	file_write(&place, "rcode-volume", HEAD("rcode-volume") "0: 5\n23: 73\n");
	cr_assert_eq(rssac002_read(&place, DAY, &f, &found, &why), 0, "%s", why.text);
	cr_expect_eq(found, 3);
	cr_expect_eq(f.queries[STATS_UDP_IPV4], 9423299052);
	cr_expect_eq(f.queries[STATS_TCP_IPV6], 32309030);
	cr_expect_eq(f.replies[STATS_TCP_IPV4], 85993736);
	cr_expect_eq(f.query_sizes[0][18], 27764);
	cr_expect_eq(f.reply_sizes[1][256], 109257);
	cr_expect_eq(f.reply_sizes[1][157], 2950);
	cr_expect_eq(f.rcodes[23], 73);
}

Test(rssac002_day, refuses_files_that_are_none_and_says_which)
{
	static const struct {
		const char *metric, *text, *says;
	} bad[] = {
		{"rcode-volume", "", "metric: is missing"},
		{"rcode-volume", "- 1\n", "neither a mapping"},
		{"rcode-volume", HEAD("traffic-volume"), "another metric"},
		{"rcode-volume", HEAD("rcode-volume") "4096: 1\n", "no RCODE"},
		{"rcode-volume", HEAD("rcode-volume") "0: -1\n", "no number"},
		{"rcode-volume", HEAD("rcode-volume") "0: 18446744073709551616\n", "no number"},
		{"rcode-volume", HEAD("rcode-volume") "0: {1: {2: 3}}\n", "nested too deep"},
		{"rcode-volume", HEAD("rcode-volume") "0: \"1\n", ":"},
		{"traffic-volume", HEAD("traffic-volume") "queries: 1\n", "queries: unknown key"},
		{"traffic-sizes", HEAD("traffic-sizes") "udp-request-sizes: {0-16: 1}\n",
			"no range of 16"},
		{"traffic-sizes", HEAD("traffic-sizes") "udp-request-sizes: {8-: 1}\n", "no range"},
		{"traffic-sizes", HEAD("traffic-sizes") "dot-sizes: {0-15: 1}\n", "unknown key"},
		{"load-time", HEAD("load-time") "time: {4294967296: 1}\n", "no serial"},
		{"unique-sources-sketch", HEAD("unique-sources-sketch") "num-sources-ipv4: AAAA\n",
			"no sketch"},
	};
	static struct rssac002_figures f;
	unsigned int found;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char name[16];
		struct rssac002_place place;
		struct why why = {""};

		snprintf(name, sizeof(name), "bad%zu", i);
		place = place_of(name);
		file_write(&place, bad[i].metric, bad[i].text);
		cr_expect_eq(rssac002_read(&place, DAY, &f, &found, &why), -EINVAL, "%zu", i);
		cr_expect(strstr(why.text, bad[i].says) && strstr(why.text, bad[i].metric),
			"%zu: %s", i, why.text);
	}
}

/* ---- a node ---- */

struct node {
	struct stats_set *set;
	struct stats *stats;
	struct rssac002 *rssac002;
	unsigned int bad, good; /* lines told */
};

static void
told(void *context, bool is_bad, const char *line)
{
	struct node *node = context;

	(void)line;
	node->bad += is_bad;
	node->good += !is_bad;
}

static const char *node_seed = "the cluster's";

static struct node *
node_start(const struct rssac002_place *place, int64_t now)
{
	struct node *node = calloc(1, sizeof(*node));
	struct rssac002_settings settings = {
		.place = *place, .seed = stats_seed_of(node_seed), .told = told, .context = node};

	node->set = stats_set_new(settings.seed);
	node->stats = stats_set_add(node->set, -1);
	node->rssac002 = rssac002_new(&settings, now);
	cr_assert(node->rssac002);
	return node;
}

static void
node_stop(struct node *node, const struct rssac002_place *killed)
{
	uint8_t *state = NULL;
	char path[256];
	size_t size;
	FILE *file;

	/* one that is killed leaves the state that it has written last */
	snprintf(path, sizeof(path), "%s/state", killed ? killed->directory : "");
	if (killed)
		cr_assert_eq(file_read(path, 1 << 20, &state, &size, NULL), 0);
	rssac002_free(node->rssac002);
	if (killed) {
		file = fopen(path, "w");
		cr_assert(file && fwrite(state, size, 1, file) == 1 && fclose(file) == 0);
	}
	free(state);
	stats_set_free(node->set);
	free(node);
}

/* Queries of a client each, at a time. */
static void
ask(struct node *node, int64_t now, unsigned int count, uint8_t first_client)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t client[4] = {198, 18, 0, (uint8_t)(first_client + i)};
		struct ledger_page page = {.now = (uint32_t)now, .count = 1};

		page.lines[0] = (struct ledger_line){.client = client,
			.verdict = ENGINE_NXDOMAIN,
			.rcode = 3,
			.query_length = 40,
			.reply_length = 1030};
		stats_count(node->stats, &page);
	}
}

/* @return queries over UDP and IPv4 in the files of a day, or -1; and its sources */
static int64_t
day_of(const struct rssac002_place *place, int64_t day, uint64_t *sources)
{
	static struct rssac002_figures f;
	unsigned int found;
	struct why why;

	cr_assert_eq(rssac002_read(place, day, &f, &found, &why), 0, "%s", why.text);
	if (sources)
		*sources = f.sources[STATS_SOURCES_IPV4];
	cr_expect_eq(f.queries[STATS_UDP_IPV4], f.rcodes[3]);
	cr_expect_eq(f.queries[STATS_UDP_IPV4], f.query_sizes[0][2]);
	cr_expect_eq(f.replies[STATS_UDP_IPV4], f.reply_sizes[0][64]);
	return found ? (int64_t)f.queries[STATS_UDP_IPV4] : -1;
}

Test(rssac002_day, ends_at_midnight_and_begins_anew)
{
	struct rssac002_place place = place_of("n");
	struct node *node = node_start(&place, morning + NOON);
	int64_t midnight = morning + RSSAC002_DAY_SECONDS;
	uint64_t sources;

	ask(node, morning + NOON, 10, 0);
	rssac002_turn(node->rssac002, node->set, morning + NOON + 10);
	ask(node, midnight - 1, 5, 100);
	rssac002_turn(node->rssac002, node->set, midnight - 1);
	cr_expect_eq(day_of(&place, DAY, NULL), -1, "not before midnight");
	rssac002_turn(node->rssac002, node->set, midnight);
	cr_expect_eq(day_of(&place, DAY, &sources), 15);
	cr_expect_eq(sources, 15);
	for (unsigned int day = 1; day < 4; day++) {
		int64_t now = morning + day * RSSAC002_DAY_SECONDS;

		ask(node, now + 5, day, 0);
		rssac002_turn(node->rssac002, node->set, now + 10);
		rssac002_turn(node->rssac002, node->set, now + RSSAC002_DAY_SECONDS);
		cr_expect_eq(day_of(&place, DAY + day, &sources), day);
		cr_expect_eq(sources, day, "day %u has %lu", day, (unsigned long)sources);
	}
	cr_expect_eq(node->bad, 0);
	node_stop(node, NULL);
}

Test(rssac002_day, goes_on_after_a_restart_and_loses_a_minute_when_killed)
{
	struct rssac002_place place = place_of("n");
	int64_t now = morning + NOON;
	struct node *node = node_start(&place, now);
	uint64_t sources;

	ask(node, now, 10, 0);
	rssac002_version(node->rssac002, 2026050100, 7, 1330000);
	rssac002_turn(node->rssac002, node->set, now + 10);
	node_stop(node, NULL);
	node = node_start(&place, now + 100);
	/* the same clients, and as many others */
	ask(node, now + 100, 20, 0);
	rssac002_turn(node->rssac002, node->set, now + 100 + RSSAC002_SAVE_SECONDS);
	ask(node, now + 200, 1, 0);
	rssac002_turn(node->rssac002, node->set, now + 200 + RSSAC002_SAVE_SECONDS / 2);
	node_stop(node, &place);
	/* not before the day after the next */
	node = node_start(&place, now + 2 * RSSAC002_DAY_SECONDS);
	cr_expect_eq(day_of(&place, DAY, &sources), 31);
	cr_expect_eq(sources, 20);
	cr_expect_eq(day_of(&place, DAY + 1, NULL), -1);
	file_expect("n/2026/05/load-time/l-root-20260501-load-time.yaml",
		HEAD("load-time") "time:\n  2026050100: 7\n");
	cr_expect_eq(rssac002_today(node->rssac002)->queries[0], 0);
	cr_expect_eq(node->bad, 0);
	node_stop(node, NULL);
}

Test(rssac002_day, begins_anew_if_its_state_is_damaged_and_says_so)
{
	struct rssac002_place place = place_of("n");
	struct node *node = node_start(&place, morning);
	char path[256];
	FILE *file;

	node_stop(node, NULL);
	snprintf(path, sizeof(path), "%s/state", place.directory);
	file = fopen(path, "r+");
	cr_assert(file);
	fseek(file, 1000, SEEK_SET);
	fputc('x', file);
	fclose(file);
	node = node_start(&place, morning + 10);
	cr_expect_eq(node->bad, 1);
	cr_expect_eq(rssac002_fault_count(node->rssac002, RSSAC002_FAULT_STATE), 1);
	node_stop(node, NULL);
}

Test(rssac002_day, does_not_count_twice_when_the_clock_steps_back_over_midnight)
{
	struct rssac002_place place = place_of("n");
	int64_t midnight = morning + RSSAC002_DAY_SECONDS;
	struct node *node = node_start(&place, midnight - 10);

	ask(node, midnight - 10, 3, 0);
	rssac002_turn(node->rssac002, node->set, midnight);
	cr_expect_eq(day_of(&place, DAY, NULL), 3);
	ask(node, midnight - 60, 4, 0);
	rssac002_turn(node->rssac002, node->set, midnight - 60);
	cr_expect_eq(rssac002_fault_count(node->rssac002, RSSAC002_FAULT_CLOCK), 1);
	cr_expect_eq(node->bad, 1);
	ask(node, midnight, 5, 0);
	rssac002_turn(node->rssac002, node->set, midnight + 10);
	cr_expect_eq(day_of(&place, DAY, NULL), 3, "what was published stays");
	rssac002_turn(node->rssac002, node->set, midnight + RSSAC002_DAY_SECONDS);
	cr_expect_eq(day_of(&place, DAY + 1, NULL), 9);
	/* years back: it was wrong before */
	rssac002_turn(node->rssac002, node->set, morning - 1000 * RSSAC002_DAY_SECONDS);
	cr_expect_eq(rssac002_today(node->rssac002)->day, DAY - 1000);
	node_stop(node, NULL);
}

/* A clock that leaps a month ahead and is set right again an hour later. */
Test(rssac002_day, goes_on_with_a_day_that_a_wrong_clock_had_left)
{
	struct rssac002_place place = place_of("n");
	int64_t noon = morning + NOON, ahead = noon + 31 * RSSAC002_DAY_SECONDS;
	struct node *node = node_start(&place, noon);
	uint64_t sources;

	ask(node, noon, 3, 0);
	rssac002_turn(node->rssac002, node->set, ahead);
	ask(node, ahead, 4, 10);
	rssac002_turn(node->rssac002, node->set, noon + 3600);
	cr_expect_eq(rssac002_fault_count(node->rssac002, RSSAC002_FAULT_CLOCK), 1);
	cr_expect_eq(day_of(&place, DAY + 31, NULL), 4);
	ask(node, noon + 3600, 5, 20);
	rssac002_turn(node->rssac002, node->set, morning + RSSAC002_DAY_SECONDS);
	cr_expect_eq(day_of(&place, DAY, &sources), 3 + 5, "what was published is in it");
	cr_expect_eq(sources, 3 + 5);
	cr_expect_eq(rssac002_fault_count(node->rssac002, RSSAC002_FAULT_STATE), 0);
	/* the day that it leapt to comes at last */
	for (int64_t day = 2; day < 32; day++)
		rssac002_turn(node->rssac002, node->set, morning + day * RSSAC002_DAY_SECONDS);
	ask(node, ahead, 6, 0);
	rssac002_turn(node->rssac002, node->set, morning + 32 * RSSAC002_DAY_SECONDS);
	cr_expect_eq(day_of(&place, DAY + 31, NULL), 6, "without what came too early");
	node_stop(node, NULL);
}

Test(rssac002_day, tries_again_while_files_cannot_be_written)
{
	struct rssac002_place place = place_of("n");
	int64_t midnight = morning + RSSAC002_DAY_SECONDS;
	struct node *node = node_start(&place, morning);
	char command[256];

	ask(node, morning, 3, 0);
	/* root writes whatever the mode: a file stands where the folder should */
	snprintf(
		command, sizeof(command), "rm -r %s && touch %s", place.directory, place.directory);
	cr_assert_eq(system(command), 0);
	rssac002_turn(node->rssac002, node->set, midnight);
	cr_expect_eq(node->bad, 2, "files and state");
	rssac002_turn(node->rssac002, node->set, midnight + 10);
	cr_expect_eq(node->bad, 2, "said once");
	cr_expect_eq(rssac002_fault_count(node->rssac002, RSSAC002_FAULT_WRITE), 2);
	cr_assert_eq(unlink(place.directory), 0);
	rssac002_turn(node->rssac002, node->set, midnight + 20);
	cr_expect_eq(node->good, 1);
	cr_expect_eq(day_of(&place, DAY, NULL), 3);
	/* for a whole day */
	snprintf(
		command, sizeof(command), "rm -r %s && touch %s", place.directory, place.directory);
	cr_assert_eq(system(command), 0);
	rssac002_turn(node->rssac002, node->set, midnight + RSSAC002_DAY_SECONDS);
	rssac002_turn(node->rssac002, node->set, midnight + 2 * RSSAC002_DAY_SECONDS);
	cr_expect_eq(rssac002_fault_count(node->rssac002, RSSAC002_FAULT_LOST), 1);
	node_stop(node, NULL);
}

Test(rssac002_day, leaves_nothing_half_written_when_there_is_no_room)
{
	struct rssac002_place place = place_of("n");
	struct node *node = node_start(&place, morning);
	struct rlimit room = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
	char command[256];

	ask(node, morning, 3, 0);
	rssac002_turn(node->rssac002, node->set, morning + RSSAC002_SAVE_SECONDS);
	/* what a full disk does, a limit does, too: a write that ends early */
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
	rssac002_turn(node->rssac002, node->set, morning + RSSAC002_DAY_SECONDS);
	room.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
	cr_expect_eq(node->bad, 2, "files and state");
	snprintf(command, sizeof(command),
		"test -z \"$(find %s -name '*.yaml*' -o -name '*.new')\"", place.directory);
	cr_expect_eq(system(command), 0, "a part of a file is left");
	rssac002_turn(node->rssac002, node->set, morning + RSSAC002_DAY_SECONDS + 10);
	cr_expect_eq(day_of(&place, DAY, NULL), 3);
	node_stop(node, NULL);
}

Test(rssac002_day, waits_until_midnight_and_no_longer)
{
	int64_t day_ms = RSSAC002_DAY_SECONDS * 1000ll;

	cr_expect_eq(rssac002_wait_ms(0), 10000);
	cr_expect_eq(rssac002_wait_ms(3 * day_ms - 1), 1);
	cr_expect_eq(rssac002_wait_ms(3 * day_ms - 9999), 9999);
	cr_expect_eq(rssac002_wait_ms(3 * day_ms), 10000);
}

/* ---- merging ---- */

Test(rssac002_day, merges_nodes_into_their_service)
{
	enum { NODES = 20 };
	static struct rssac002_figures f;
	struct rssac002_place output = place_of("all");
	char paths[NODES][96];
	const char *names[NODES];
	unsigned int found;
	struct why why;

	for (unsigned int i = 0; i < NODES; i++) {
		struct rssac002_place place;
		struct node *node;
		char name[16];

		snprintf(name, sizeof(name), "node%u", i);
		place = place_of(name);
		snprintf(paths[i], sizeof(paths[i]), "%s", place.directory);
		names[i] = paths[i];
		node = node_start(&place, morning);
		/* ten clients of each, five of which also ask the next one */
		ask(node, morning, 10, (uint8_t)(5 * i));
		rssac002_version(node->rssac002, 2026050100, i, 1330000);
		if (i == 3)
			rssac002_version(node->rssac002, 2026050101, 77, 1330001);
		rssac002_turn(node->rssac002, node->set, morning + RSSAC002_DAY_SECONDS);
		node_stop(node, NULL);
	}
	cr_assert_eq(rssac002_merge(names, NODES, DAY, &output, &why), 0, "%s", why.text);
	cr_expect_eq(day_of(&output, DAY, NULL), 10 * NODES);
	cr_assert_eq(rssac002_read(&output, DAY, &f, &found, &why), 0, "%s", why.text);
	cr_expect_float_eq((double)f.sources[STATS_SOURCES_IPV4], 5 * NODES + 5, 3);
	file_expect("all/2026/05/load-time/l-root-20260501-load-time.yaml",
		HEAD("load-time") "time:\n  2026050100: 18\n  2026050101: 77\n");
	file_expect("all/2026/05/zone-size/l-root-20260501-zone-size.yaml",
		HEAD("zone-size") "size:\n  2026050100: 1330000\n  2026050101: 1330001\n");

	cr_expect_eq(rssac002_merge(names, NODES, DAY + 1, &output, &why), -ENOENT);
	cr_expect(strstr(why.text, "node0"), "%s", why.text);
}

Test(rssac002_day, does_not_add_sources_up_without_sketches)
{
	static struct rssac002_figures f;
	struct rssac002_place a = place_of("a"), b = place_of("b"), output = place_of("all");
	const char *names[] = {a.directory, b.directory};
	unsigned int found;
	struct why why;

	file_write(&a, "unique-sources", HEAD("unique-sources") "num-sources-ipv4: 5\n");
	file_write(&b, "unique-sources", HEAD("unique-sources") "num-sources-ipv4: 6\n");
	cr_expect_eq(rssac002_merge(names, 2, DAY, &output, &why), -ENOENT);
	cr_expect(strstr(why.text, "do not add up"), "%s", why.text);
	cr_assert_eq(rssac002_merge(names, 1, DAY, &output, &why), 0, "%s", why.text);
	cr_assert_eq(rssac002_read(&output, DAY, &f, &found, &why), 0);
	cr_expect_eq(f.sources[0], 5);
}

Test(rssac002_day, does_not_merge_sketches_of_different_seeds)
{
	struct rssac002_place a = place_of("a"), b = place_of("b"), output = place_of("all");
	const char *names[] = {a.directory, b.directory};
	struct node *node = node_start(&a, morning);
	struct why why;

	rssac002_turn(node->rssac002, node->set, morning + RSSAC002_DAY_SECONDS);
	node_stop(node, NULL);
	node_seed = "another's";
	node = node_start(&b, morning);
	rssac002_turn(node->rssac002, node->set, morning + RSSAC002_DAY_SECONDS);
	node_stop(node, NULL);
	cr_expect_eq(rssac002_merge(names, 2, DAY, &output, &why), -EINVAL);
	cr_expect(strstr(why.text, "another seed"), "%s", why.text);
	/* a node whose seed was changed in the middle of a day goes on without its sources */
	node = node_start(&a, morning + RSSAC002_DAY_SECONDS + 10);
	cr_expect_eq(node->bad, 1);
	node_stop(node, NULL);
}

Test(rssac002_day, reads_dates)
{
	static const char *const bad[] = {"", "2026050", "202605011", "20260431", "20261301",
		"2026050a", "-2026050", "19691231"};
	int64_t day;

	cr_assert(rssac002_day_read("20260501", &day));
	cr_expect_eq(day, DAY);
	cr_assert(rssac002_day_read("20240229", &day));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_not(rssac002_day_read(bad[i], &day), "%s", bad[i]);
}
