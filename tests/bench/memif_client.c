/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks a server at the other end of a memif, and verifies what comes back: each reply belongs to a
 * query that is on its way (id, addresses, ports, question), its checksums are right by DPDK's own
 * functions, and its message is octet for octet what the oracle says.
 *
 * Queries are made and answered by the oracle beforehand. The id is the number of a slot that
 * remembers the query. In a closed loop (--window) there are never more on their way than that; a
 * window that stays full for STALL_MS is lost. --verify-each N takes checksums and content of every
 * Nth reply only, since they cost the client more than the answer costs the server.
 */
#include <getopt.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"
#include "workload.h"

enum { BURST = 32, DESCRIPTORS = 1024, POOL = 4095, SLOTS = 65536 };
enum { LINK_SECONDS = 10, STALL_MS = 2000, SEED = 8198, DISTINCT = 65536, QUEUES_MAX = 8 };

enum fate { UNUSED, ON_ITS_WAY, ANSWERED, LOST };

struct slot {
	uint32_t query; /* its index in the workload */
	uint16_t queue; /* that it went out by */
	enum fate fate;
};

/* What is wrong with a reply. */
enum fault {
	FAULT_NONE,
	FAULT_LENGTH,	/* of frame, IP or UDP */
	FAULT_CHECKSUM, /* of IPv4 or UDP */
	FAULT_UNASKED,	/* no such query is on its way, or it has been answered */
	FAULT_ENDPOINT, /* not from whom, not to whom, or not by the queue that the query took */
	FAULT_QUESTION,
	FAULT_RCODE,
	FAULT_CONTENT,
	FAULTS
};

static const char *const fault_names[FAULTS] = {
	"none", "length", "checksum", "unasked", "endpoint", "question", "rcode", "content"};

/* Of the reply that the oracle gives. */
struct expected {
	uint32_t sum; /* of the message behind the id */
	uint16_t length;
	uint8_t rcode;
};

struct counts {
	uint64_t sent, answered, lost, late, frames, octets, faults[FAULTS];
};

struct wishes {
	const char *zone, *mix, *workload;
	uint64_t queries, rate, verify_each;
	unsigned int seconds, window, queues;
};

struct client {
	struct wishes wishes;
	struct workload work;
	struct expected *expected;
	struct slot slots[SLOTS];
	struct rte_mempool *pool;
	uint16_t port;
	uint64_t hz, started, progress; /* cycles */
	uint64_t way;			/* queries on their way */
	struct counts now, second;	/* so far; at the last line */
};

/* ---- queries ---- */

static size_t
message_offset(const uint8_t *frame)
{
	bool ipv4 = frame[12] == 0x08;

	return sizeof(struct rte_ether_hdr) +
	       (ipv4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr)) +
	       sizeof(struct rte_udp_hdr);
}

static size_t
source_offset(const uint8_t *frame)
{
	size_t ip = sizeof(struct rte_ether_hdr);

	return ip + (frame[12] == 0x08 ? offsetof(struct rte_ipv4_hdr, src_addr)
				       : offsetof(struct rte_ipv6_hdr, src_addr));
}

static uint32_t
message_sum(const uint8_t *message, size_t length)
{
	return rte_hash_crc(message + 2, (uint32_t)length - 2, (uint32_t)length);
}

/* Octets of a message that are the same whoever answers when: all but the server's cookie, which is
 * the last thing in it (RFC 9018 4). */
static size_t
length_fixed(const uint8_t *message, size_t length)
{
	static const uint8_t cookie[] = {0, WIRE_OPTION_COOKIE, 0, WIRE_COOKIE_SIZE};
	size_t option = sizeof(cookie) + WIRE_COOKIE_SIZE;

	if (length < WIRE_HEADER_SIZE + option ||
		memcmp(message + length - option, cookie, sizeof(cookie)) != 0)
		return length;
	return length - (WIRE_COOKIE_SIZE - WIRE_COOKIE_CLIENT_SIZE);
}

static void
answers_expect(struct client *c, const struct zone *zone)
{
	const struct exchange_self self = {.secrets = {.count = 1}};
	const struct oracle_zones zones = {1, &zone};
	uint8_t reply[WIRE_UDP_SIZE_OWN];

	c->expected = calloc(c->work.count, sizeof(*c->expected));
	if (!c->expected)
		rte_exit(EXIT_FAILURE, "no memory\n");
	for (size_t i = 0; i < c->work.count; i++) {
		const uint8_t *frame = c->work.frames + c->work.offsets[i];
		size_t at = message_offset(frame), length;
		const struct exchange_peer peer = {.address = frame + source_offset(frame),
			.address_size = frame[12] == 0x08 ? 4 : 16};

		length = oracle_answer(&zones, &self, &peer, frame + at,
			c->work.offsets[i + 1] - c->work.offsets[i] - at, reply);
		if (length < WIRE_HEADER_SIZE)
			rte_exit(EXIT_FAILURE, "query %zu gets no reply from the oracle\n", i);
		c->expected[i] = (struct expected){
			.sum = message_sum(reply, length_fixed(reply, length)),
			.length = (uint16_t)length,
			.rcode = reply[3] & 0x0f,
		};
	}
}

/* Another id, and the UDP checksum brought up to it (RFC 1624 3, equation 3). */
static void
id_set(uint8_t *frame, size_t at, uint16_t id)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame + at - sizeof(*udp));
	uint16_t old, new_id = rte_cpu_to_be_16(id);
	uint32_t sum;

	memcpy(&old, frame + at, sizeof(old));
	memcpy(frame + at, &new_id, sizeof(new_id));
	sum = (uint32_t)(uint16_t)~udp->dgram_cksum + (uint16_t)~old + new_id;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	udp->dgram_cksum = (uint16_t)~sum ? (uint16_t)~sum : 0xffff;
}

static void
slot_take(struct client *c, uint64_t number, uint16_t queue)
{
	struct slot *slot = &c->slots[number % SLOTS];

	if (slot->fate == ON_ITS_WAY) {
		c->now.lost++;
		c->way--;
	}
	c->way++;
	*slot = (struct slot){
		.query = (uint32_t)(number % c->work.count), .queue = queue, .fate = ON_ITS_WAY};
}

static void
queries_send(struct client *c, uint16_t queue, uint16_t count)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t sent;

	if (count == 0 || rte_pktmbuf_alloc_bulk(c->pool, mbufs, count) != 0)
		return;
	for (uint16_t i = 0; i < count; i++) {
		uint64_t number = c->now.sent + i;
		size_t query = number % c->work.count;
		uint32_t start = c->work.offsets[query];
		uint16_t length = (uint16_t)(c->work.offsets[query + 1] - start);
		uint8_t *frame = (uint8_t *)rte_pktmbuf_append(mbufs[i], length);

		memcpy(frame, c->work.frames + start, length);
		id_set(frame, message_offset(frame), (uint16_t)number);
		slot_take(c, number, queue);
	}
	sent = rte_eth_tx_burst(c->port, queue, mbufs, count);
	for (uint16_t i = sent; i < count; i++)
		c->slots[(c->now.sent + i) % SLOTS].fate = UNUSED;
	c->way -= count - sent;
	rte_pktmbuf_free_bulk(mbufs + sent, count - sent);
	c->now.sent += sent;
}

/* ---- replies ---- */

static bool
lengths_right(const uint8_t *frame, size_t length, size_t *at)
{
	const struct rte_udp_hdr *udp;
	size_t ip = sizeof(struct rte_ether_hdr), ip_length;

	if (length < ip + sizeof(struct rte_ipv4_hdr))
		return false;
	*at = message_offset(frame);
	if (length < *at + WIRE_HEADER_SIZE)
		return false;
	udp = (const struct rte_udp_hdr *)(frame + *at - sizeof(*udp));
	ip_length = frame[12] == 0x08
			    ? rte_be_to_cpu_16(
				      ((const struct rte_ipv4_hdr *)(frame + ip))->total_length)
			    : rte_be_to_cpu_16(
				      ((const struct rte_ipv6_hdr *)(frame + ip))->payload_len) +
				      sizeof(struct rte_ipv6_hdr);
	return ip_length == length - ip &&
	       rte_be_to_cpu_16(udp->dgram_len) == length - *at + sizeof(*udp);
}

static bool
checksums_right(const uint8_t *frame, size_t length, size_t at)
{
	const void *ip = frame + sizeof(struct rte_ether_hdr);
	const uint8_t *udp = frame + at - sizeof(struct rte_udp_hdr);
	bool ipv4 = frame[12] == 0x08;
	uint32_t sum = rte_raw_cksum(udp, (size_t)(frame + length - udp));

	sum += ipv4 ? rte_ipv4_phdr_cksum(ip, 0) : rte_ipv6_phdr_cksum(ip, 0);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff && (!ipv4 || rte_raw_cksum(ip, sizeof(struct rte_ipv4_hdr)) == 0xffff);
}

/* MAC addresses, IP addresses and ports are the query's, exchanged. */
static bool
endpoints_right(const uint8_t *reply, const uint8_t *query, size_t at)
{
	size_t udp = at - sizeof(struct rte_udp_hdr);
	size_t size = query[12] == 0x08 ? 4 : 16, addresses = udp - 2 * size;

	return memcmp(reply, query + 6, 6) == 0 && memcmp(reply + 6, query, 6) == 0 &&
	       memcmp(reply + 12, query + 12, 2) == 0 &&
	       memcmp(reply + addresses, query + addresses + size, size) == 0 &&
	       memcmp(reply + addresses + size, query + addresses, size) == 0 &&
	       memcmp(reply + udp, query + udp + 2, 2) == 0 &&
	       memcmp(reply + udp + 2, query + udp, 2) == 0;
}

/* The question stands where the query has it, in the same case. */
static bool
question_right(const uint8_t *reply, size_t length, const uint8_t *query, size_t query_length)
{
	size_t end = WIRE_HEADER_SIZE;

	while (end < query_length && query[end] != 0)
		end += query[end] + 1u;
	end += 5;
	return end <= length && end <= query_length && reply[4] == 0 && reply[5] == 1 &&
	       memcmp(reply + WIRE_HEADER_SIZE, query + WIRE_HEADER_SIZE, end - WIRE_HEADER_SIZE) ==
		       0;
}

/* What is wrong with the reply to a query, if it is one. */
static enum fault
reply_compare(const struct client *c, uint32_t index, const uint8_t *frame, size_t length,
	size_t at, bool whole)
{
	const struct expected *expected = &c->expected[index];
	const uint8_t *query = c->work.frames + c->work.offsets[index];
	size_t query_length = c->work.offsets[index + 1] - c->work.offsets[index];

	if (message_offset(query) != at || !endpoints_right(frame, query, at))
		return FAULT_ENDPOINT;
	if (!question_right(frame + at, length - at, query + at, query_length - at))
		return FAULT_QUESTION;
	if ((frame[at + 3] & 0x0f) != expected->rcode)
		return FAULT_RCODE;
	if (length - at != expected->length ||
		(whole && message_sum(frame + at, length_fixed(frame + at, length - at)) !=
				  expected->sum))
		return FAULT_CONTENT;
	return FAULT_NONE;
}

static enum fault
reply_judge(struct client *c, uint16_t queue, const uint8_t *frame, size_t length, bool whole)
{
	enum fault fault;
	struct slot *slot;
	size_t at;

	if (!lengths_right(frame, length, &at))
		return FAULT_LENGTH;
	if (whole && !checksums_right(frame, length, at))
		return FAULT_CHECKSUM;
	slot = &c->slots[frame[at] << 8 | frame[at + 1]];
	if (slot->fate == UNUSED || slot->fate == ANSWERED)
		return FAULT_UNASKED;
	if (slot->queue != queue)
		return FAULT_ENDPOINT;
	fault = reply_compare(c, slot->query, frame, length, at, whole);
	/* another's reply leaves the query waiting for its own */
	if (fault == FAULT_ENDPOINT || fault == FAULT_QUESTION)
		return fault;
	c->way -= slot->fate == ON_ITS_WAY;
	if (fault == FAULT_NONE && slot->fate == LOST)
		c->now.late++;
	else if (fault == FAULT_NONE)
		c->now.answered++;
	slot->fate = ANSWERED;
	return fault;
}

static void
replies_receive(struct client *c, uint16_t queue)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t count = rte_eth_rx_burst(c->port, queue, mbufs, BURST);

	if (count == 0)
		return;
	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(mbufs[i], const uint8_t *);

		bool whole = c->now.frames++ % c->wishes.verify_each == 0;

		c->now.faults[reply_judge(c, queue, frame, mbufs[i]->data_len, whole)]++;
		c->now.octets += mbufs[i]->data_len;
	}
	rte_pktmbuf_free_bulk(mbufs, count);
	c->progress = rte_rdtsc();
}

/* ---- a run ---- */

static void
all_lost(struct client *c)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (c->slots[i].fate == ON_ITS_WAY) {
			c->slots[i].fate = LOST;
			c->now.lost++;
		}
	c->way = 0;
	c->progress = rte_rdtsc();
}

static bool
is_stalled(const struct client *c)
{
	return rte_rdtsc() - c->progress > c->hz / 1000 * STALL_MS;
}

/* How many may be sent now. */
static uint16_t
burst_size(const struct client *c)
{
	const struct wishes *w = &c->wishes;
	uint64_t count = w->queries - c->now.sent;

	if (c->way >= w->window)
		return 0;
	count = RTE_MIN(count, w->window - c->way);
	if (w->rate) {
		double due = (double)(rte_rdtsc() - c->started) / (double)c->hz * (double)w->rate;

		count = due > (double)c->now.sent ? RTE_MIN(count, (uint64_t)due - c->now.sent) : 0;
	}
	return (uint16_t)RTE_MIN(count, (uint64_t)BURST);
}

static uint64_t
faults_of(const struct counts *counts)
{
	uint64_t sum = 0;

	for (enum fault i = FAULT_NONE + 1; i < FAULTS; i++)
		sum += counts->faults[i];
	return sum;
}

static void
second_print(struct client *c, unsigned int second)
{
	printf("%6u s %12" PRIu64 " sent %12" PRIu64 " answered %9" PRIu64 " lost %9" PRIu64
	       " wrong\n",
		second, c->now.sent - c->second.sent, c->now.answered - c->second.answered,
		c->now.lost - c->second.lost, faults_of(&c->now) - faults_of(&c->second));
	fflush(stdout);
	c->second = c->now;
}

static double
run(struct client *c)
{
	const struct wishes *w = &c->wishes;
	unsigned int seconds = 0;
	uint16_t queue = 0;
	double took;

	c->hz = rte_get_tsc_hz();
	c->started = c->progress = rte_rdtsc();
	while (c->now.sent < w->queries && seconds < w->seconds) {
		queries_send(c, queue, burst_size(c));
		replies_receive(c, queue);
		queue = (uint16_t)((queue + 1) % w->queues);
		if (c->way && is_stalled(c))
			all_lost(c);
		if (rte_rdtsc() - c->started >= (seconds + 1) * c->hz)
			second_print(c, ++seconds);
	}
	while (c->way && !is_stalled(c)) {
		replies_receive(c, queue);
		queue = (uint16_t)((queue + 1) % w->queues);
	}
	took = (double)(c->progress - c->started) / (double)c->hz;
	all_lost(c);
	return took;
}

static int
report(const struct client *c, double took)
{
	printf("sent=%" PRIu64 " answered=%" PRIu64 " lost=%" PRIu64 " late=%" PRIu64
	       " wrong=%" PRIu64 "\n",
		c->now.sent, c->now.answered, c->now.lost, c->now.late, faults_of(&c->now));
	for (enum fault i = FAULT_NONE + 1; i < FAULTS; i++)
		if (c->now.faults[i])
			printf("wrong: %s %" PRIu64 "\n", fault_names[i], c->now.faults[i]);
	printf("%.2f s, %.0f answers/s, %.2f Gbit/s of frames\n", took,
		(double)c->now.answered / took, (double)c->now.octets * 8 / took / 1e9);
	return c->now.answered == 0 || faults_of(&c->now) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
queues_setup(struct client *c)
{
	uint16_t count = (uint16_t)c->wishes.queues;
	struct rte_eth_conf conf = {0};
	int rc = rte_eth_dev_configure(c->port, count, count, &conf);

	for (uint16_t i = 0; i < count && rc == 0; i++) {
		rc = rte_eth_rx_queue_setup(c->port, i, DESCRIPTORS, 0, NULL, c->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(c->port, i, DESCRIPTORS, 0, NULL);
	}
	return rc;
}

static void
port_start(struct client *c)
{
	struct rte_eth_link link = {0};

	if (rte_eth_dev_count_avail() != 1)
		rte_exit(2, "give it one device: --vdev=net_memif0,role=client,socket=...\n");
	c->port = (uint16_t)rte_eth_find_next(0);
	c->pool = rte_pktmbuf_pool_create(
		"client", POOL, BURST, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!c->pool || queues_setup(c) < 0 || rte_eth_dev_start(c->port) < 0)
		rte_exit(EXIT_FAILURE, "the device does not start\n");
	for (unsigned int i = 0; i < LINK_SECONDS * 100; i++) {
		if (rte_eth_link_get_nowait(c->port, &link) == 0 && link.link_status)
			return;
		rte_delay_us_sleep(10000);
	}
	rte_exit(EXIT_FAILURE, "nobody answers at the socket\n");
}

static const char help[] =
	"usage: memif_client EAL-OPTIONS -- --zone FILE --mix root-mix.json\n"
	"  [--workload NAME] [--queries N] [--seconds N] [--window N] [--rate N]\n"
	"  [--verify-each N] [--queues N]\n";

static bool
number_read(uint64_t *number, const char *text, uint64_t least, uint64_t most)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return *end == '\0' && end != text && *number >= least && *number <= most;
}

static void
wishes_read(struct wishes *w, int argc, char **argv)
{
	static const struct option options[] = {
		{"zone", required_argument, NULL, 'z'},
		{"mix", required_argument, NULL, 'm'},
		{"workload", required_argument, NULL, 'w'},
		{"queries", required_argument, NULL, 'q'},
		{"seconds", required_argument, NULL, 's'},
		{"window", required_argument, NULL, 'o'},
		{"rate", required_argument, NULL, 'r'},
		{"queues", required_argument, NULL, 'u'},
		{"verify-each", required_argument, NULL, 'v'},
		{0},
	};
	uint64_t number = 0;
	bool good = true;
	int option;

	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'z')
			w->zone = optarg;
		else if (option == 'm')
			w->mix = optarg;
		else if (option == 'w')
			w->workload = optarg;
		else if (option == 'q')
			good = number_read(&w->queries, optarg, 1, UINT64_MAX);
		else if (option == 'r')
			good = number_read(&w->rate, optarg, 1, 1000000000);
		else if (option == 'v')
			good = number_read(&w->verify_each, optarg, 1, UINT64_MAX);
		else if (option == 's' && (good = number_read(&number, optarg, 1, 86400)))
			w->seconds = (unsigned int)number;
		else if (option == 'u' && (good = number_read(&number, optarg, 1, QUEUES_MAX)))
			w->queues = (unsigned int)number;
		else if (option == 'o' && (good = number_read(&number, optarg, 1, SLOTS / 2)))
			w->window = (unsigned int)number;
		else
			good = false;
	}
	if (!good || !w->zone || !w->mix || optind != argc)
		rte_exit(2, "%s", help);
}

int
main(int argc, char **argv)
{
	static struct client client = {.wishes = {
					       .workload = "mix",
					       .queries = UINT64_MAX,
					       .verify_each = 1,
					       .seconds = 10,
					       .window = DESCRIPTORS / 2,
					       .queues = 1,
				       }};
	const struct wishes *w = &client.wishes;
	int used = rte_eal_init(argc, argv), code;
	struct zone *zone;
	struct why why;

	if (used < 0)
		return EXIT_FAILURE;
	optind = 1;
	wishes_read(&client.wishes, argc - used, argv + used);
	if (zone_load(w->zone, NULL, &zone, &why) < 0 ||
		workload_make(&client.work, w->workload, zone, w->mix, DISTINCT, SEED, &why) < 0)
		rte_exit(EXIT_FAILURE, "%s\n", why.text);
	answers_expect(&client, zone);
	zone_free(zone);
	port_start(&client);
	code = report(&client, run(&client));
	rte_eth_dev_stop(client.port);
	rte_eth_dev_close(client.port);
	rte_eal_cleanup();
	workload_free(&client.work);
	free(client.expected);
	return code;
}
