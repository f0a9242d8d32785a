/* SPDX-License-Identifier: BSD-3-Clause */
/* The threads on real sockets of the loopback: a node without zones answers SERVFAIL to each. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "stream/stream.h"
#include "test_node.h"

enum { WAIT_MS = 5000 };

static const struct engine_service node = {.catalogue = {.count = 0}};
static const struct packet_service service = {.ipv4_count = 1, .ipv4 = {{127, 0, 0, 1}}};
static struct publish_slot slot;
static struct stream *stream;
static struct sockaddr_in address;

/* `. SOA` */
static const uint8_t question[] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1};

static uint16_t
port_unused(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(any);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&any, size), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&any, &size), 0);
	close(fd);
	address = any;
	return ntohs(any.sin_port);
}

static struct stream_settings
settings_make(void)
{
	return (struct stream_settings){
		.service = &service,
		.port = port_unused(),
		.tcp = true,
		.udp = true,
		.thread_count = 1,
		.slot = &slot,
		.connections = 100,
		.connections_per_prefix = 100,
		.idle_timeout_ms = 3000,
		.message_timeout_ms = 3000,
	};
}

static void
node_start(const struct stream_settings *settings)
{
	struct why why = {.text = ""};

	cr_assert_eq(publish_init(&slot, settings->thread_count), 0);
	publish_replace(&slot, &node);
	cr_assert_eq(stream_start(settings, &stream, &why), 0, "%s", why.text);
}

static void
node_stop(void)
{
	uint64_t closed = 0;

	stream_stop(stream);
	for (unsigned int i = STREAM_TCP_CLOSED_CLIENT; i <= STREAM_TCP_CLOSED_STOP; i++)
		closed += stream_count(stream, i);
	cr_expect_eq(closed, stream_count(stream, STREAM_TCP_ACCEPTED),
		"each connection is closed for one reason");
	stream_free(stream);
	publish_free(&slot);
}

static int
client(int type)
{
	int fd = socket(AF_INET, type, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* @return octets read, 0 at the end, -1 after WAIT_MS of nothing */
static ssize_t
read_some(int fd, uint8_t *octets, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	ssize_t count;

	if (poll(&wait, 1, WAIT_MS) != 1)
		return -1;
	count = read(fd, octets, size);
	return count < 0 ? 0 : count;
}

static bool
read_all(int fd, uint8_t *octets, size_t size)
{
	while (size) {
		ssize_t count = read_some(fd, octets, size);

		if (count <= 0)
			return false;
		octets += count;
		size -= (size_t)count;
	}
	return true;
}

static size_t
query_write(uint8_t *to, uint16_t id)
{
	wire_u16_patch(to, 2 + 2 + sizeof(question));
	wire_u16_patch(to + 2, id);
	memset(to + 4, 0, 2);
	memcpy(to + 6, question, sizeof(question));
	return 6 + sizeof(question);
}

static void
reply_expect(int fd, uint16_t id)
{
	uint8_t octets[512];
	size_t length;

	cr_assert(read_all(fd, octets, 2), "a reply to query %u", id);
	length = (size_t)octets[0] << 8 | octets[1];
	cr_assert_leq(length, sizeof(octets));
	cr_assert(read_all(fd, octets, length));
	cr_assert_eq(octets[0] << 8 | octets[1], id);
	cr_assert_eq(octets[3] & 15, WIRE_RCODE_SERVFAIL);
}

static void
asked_and_answered(int fd, uint16_t id)
{
	uint8_t query[32];
	size_t size = query_write(query, id);

	cr_assert_eq(write(fd, query, size), (ssize_t)size);
	reply_expect(fd, id);
}

/* Whether the other side closes, soon. */
static bool
closes(int fd)
{
	uint8_t octet;

	return read_some(fd, &octet, 1) == 0;
}

Test(stream_connection, answers_queries_in_any_pieces)
{
	enum { QUERIES = 40, ROUNDS = 60 };
	const struct stream_settings settings = settings_make();
	unsigned int seed = (unsigned int)time(NULL);
	uint8_t queries[QUERIES * 32];
	size_t size = 0;
	int fd;

	node_start(&settings);
	fd = client(SOCK_STREAM);
	for (uint16_t i = 0; i < QUERIES; i++)
		size += query_write(queries + size, i);
	cr_log_info("seed %u", seed);
	srandom(seed);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		/* rounds from octets alone to all in one */
		for (size_t at = 0; at < size;) {
			size_t piece = 1 + (size_t)random() % (1 + round * size / ROUNDS);

			piece = piece < size - at ? piece : size - at;
			cr_assert_eq(send(fd, queries + at, piece, MSG_NOSIGNAL), (ssize_t)piece);
			at += piece;
		}
		for (uint16_t i = 0; i < QUERIES; i++)
			reply_expect(fd, i);
	}
	close(fd);
	node_stop();
}

Test(stream_connection, answers_what_a_client_asked_before_its_end)
{
	const struct stream_settings settings = settings_make();
	uint8_t queries[100 * 32];
	size_t size = 0;
	int fd;

	node_start(&settings);
	fd = client(SOCK_STREAM);
	for (uint16_t i = 0; i < 100; i++)
		size += query_write(queries + size, i);
	cr_assert_eq(write(fd, queries, size), (ssize_t)size);
	shutdown(fd, SHUT_WR);
	for (uint16_t i = 0; i < 100; i++)
		reply_expect(fd, i);
	cr_expect(closes(fd));
	cr_expect_eq(stream_count(stream, STREAM_TCP_CLOSED_CLIENT), 1);
	close(fd);
	node_stop();
}

static const struct {
	const char *what;
	uint8_t octets[20];
	size_t size;
	enum stream_count reason;
} abuses[] = {
	{"zero length", {0, 0}, 2, STREAM_TCP_CLOSED_ZERO_LENGTH},
	{"length 11", {0, 11}, 2, STREAM_TCP_CLOSED_SHORT},
	{"length 65535", {0xff, 0xff, 1, 2, 3}, 5, STREAM_TCP_CLOSED_LONG},
	{"a reply", {0, 17, 0, 1, 0x80, 0, 0, 1, [16] = 6, [18] = 1}, 19, STREAM_TCP_CLOSED_REPLY},
};

Test(stream_connection, closes_on_what_is_no_query)
{
	const struct stream_settings settings = settings_make();

	node_start(&settings);
	for (size_t i = 0; i < sizeof(abuses) / sizeof(abuses[0]); i++) {
		int fd = client(SOCK_STREAM);
		uint8_t octets[64];
		size_t size = query_write(octets, 7);

		/* the query before it is answered, and who comes after it too */
		memcpy(octets + size, abuses[i].octets, abuses[i].size);
		size += abuses[i].size;
		cr_assert_eq(write(fd, octets, size), (ssize_t)size);
		reply_expect(fd, 7);
		cr_expect(closes(fd), "%s", abuses[i].what);
		cr_expect_eq(stream_count(stream, abuses[i].reason), 1, "%s", abuses[i].what);
		close(fd);
		fd = client(SOCK_STREAM);
		asked_and_answered(fd, 8);
		close(fd);
	}
	node_stop();
}

Test(stream_connection, answers_after_a_formerr)
{
	/* QDCOUNT 2 */
	static const uint8_t bad[] = {0, 12, 0, 9, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0};
	const struct stream_settings settings = settings_make();
	uint8_t reply[14];
	int fd;

	node_start(&settings);
	fd = client(SOCK_STREAM);
	cr_assert_eq(write(fd, bad, sizeof(bad)), sizeof(bad));
	cr_assert(read_all(fd, reply, sizeof(reply)));
	cr_expect_eq(reply[5] & 15, WIRE_RCODE_FORMERR);
	asked_and_answered(fd, 10);
	close(fd);
	node_stop();
}

Test(stream_connection, closes_the_idle_and_the_slow)
{
	struct stream_settings settings = settings_make();
	int idle, slow, slower;

	settings.idle_timeout_ms = 300;
	settings.message_timeout_ms = 700;
	node_start(&settings);
	idle = client(SOCK_STREAM);
	slow = client(SOCK_STREAM);
	cr_assert_eq(write(slow, "\0\x11", 2), 2);
	/* an octet now and then does not prolong it */
	slower = client(SOCK_STREAM);
	for (unsigned int i = 0; i < 9; i++) {
		const struct timespec pause = {.tv_nsec = 100000000};
		uint8_t query[32];

		query_write(query, 11);
		if (send(slower, query + i, 1, MSG_NOSIGNAL) != 1)
			break;
		nanosleep(&pause, NULL);
	}
	cr_expect(closes(idle));
	cr_expect(closes(slow));
	cr_expect(closes(slower));
	cr_expect_eq(stream_count(stream, STREAM_TCP_CLOSED_IDLE), 1);
	cr_expect_eq(stream_count(stream, STREAM_TCP_CLOSED_SLOW_MESSAGE), 2);
	close(idle);
	close(slow);
	close(slower);
	node_stop();
}

Test(stream_connection, closes_the_oldest_idle_one_when_full)
{
	struct stream_settings settings = settings_make();
	int fds[4];

	settings.connections = 3;
	settings.idle_timeout_ms = 60000;
	node_start(&settings);
	for (uint16_t i = 0; i < 3; i++) {
		fds[i] = client(SOCK_STREAM);
		asked_and_answered(fds[i], i);
	}
	/* the first asks again, so the second is the one that is idle for longest */
	asked_and_answered(fds[0], 20);
	fds[3] = client(SOCK_STREAM);
	asked_and_answered(fds[3], 21);
	cr_expect(closes(fds[1]));
	asked_and_answered(fds[0], 22);
	asked_and_answered(fds[2], 23);
	cr_expect_eq(stream_count(stream, STREAM_TCP_CLOSED_LIMIT_TOTAL), 1);
	for (unsigned int i = 0; i < 4; i++)
		close(fds[i]);
	node_stop();
}

Test(stream_connection, holds_what_a_client_does_not_take)
{
	enum { QUERIES = 1 << 16, QUERY_SIZE = 6 + sizeof(question), ROUNDS = 6 };
	const struct stream_settings settings = settings_make();
	static uint8_t queries[QUERIES * QUERY_SIZE];
	size_t sent = 0, rest;
	int fd, size = 4096;

	node_start(&settings);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (unsigned int i = 0; i < QUERIES; i++)
		query_write(queries + i * QUERY_SIZE, (uint16_t)i);
	/* until neither side's buffers take any more: the node has stopped reading; large pieces,
	 * so that this is over long before the node loses patience */
	while (sent < ROUNDS * sizeof(queries)) {
		struct pollfd wait = {.fd = fd, .events = POLLOUT};
		size_t at = sent % sizeof(queries);
		ssize_t count;

		if (poll(&wait, 1, 300) != 1)
			break;
		count = send(fd, queries + at, sizeof(queries) - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		cr_assert_gt(count, 0);
		sent += (size_t)count;
	}
	cr_assert_lt(sent, ROUNDS * sizeof(queries), "it reads without end");
	for (size_t i = 0; i < sent / QUERY_SIZE; i++)
		reply_expect(fd, (uint16_t)i);
	/* the one that was cut off in the middle, and one more */
	rest = QUERY_SIZE - sent % QUERY_SIZE;
	cr_assert_eq(write(fd, queries + sent % sizeof(queries), rest), (ssize_t)rest);
	reply_expect(fd, (uint16_t)(sent / QUERY_SIZE));
	asked_and_answered(fd, 5);
	close(fd);
	node_stop();
}

Test(stream_connection, answers_datagrams_from_the_address_asked)
{
	const struct stream_settings settings = settings_make();
	uint8_t query[32], reply[512];
	ssize_t size;
	int fd;

	node_start(&settings);
	fd = client(SOCK_DGRAM);
	for (uint16_t i = 0; i < 200; i++) {
		size_t length = query_write(query, i) - 2;

		cr_assert_eq(write(fd, query + 2, length), (ssize_t)length);
		size = read_some(fd, reply, sizeof(reply));
		cr_assert_eq(size, (ssize_t)length);
		cr_assert_eq(reply[0] << 8 | reply[1], i);
	}
	/* a reply is counted when it is gone */
	stream_stop(stream);
	cr_expect_eq(stream_count(stream, STREAM_UDP_RECEIVED), 200);
	cr_expect_eq(stream_count(stream, STREAM_UDP_SENT), 200);
	cr_expect_eq(stream_count_engine(stream, WIRE_UDP, ENGINE_SERVFAIL), 200);
	close(fd);
	node_stop();
}

Test(stream_connection, says_when_a_port_is_in_use)
{
	struct stream_settings settings = settings_make();
	struct stream *second;
	struct why why;

	settings.thread_count = 2;
	node_start(&settings);
	cr_expect_lt(stream_start(&settings, &second, &why), 0);
	cr_expect_not_null(strstr(why.text, "in use"), "%s", why.text);
	cr_expect_not_null(strstr(why.text, "127.0.0.1"), "%s", why.text);
	node_stop();
}

/* What a reader has seen: one writer, a thread, which has ended when this is looked at. */
struct seen {
	unsigned int tcp, udp;
	bool odd;
};

static void
page_see(void *context, const struct ledger_page *page)
{
	struct seen *seen = context;

	seen->odd |= page->count == 0 || page->count > LEDGER_PAGE;
	for (unsigned int i = 0; i < page->count; i++) {
		const struct ledger_line *line = &page->lines[i];
		unsigned int *count = line->flags & LEDGER_TCP ? &seen->tcp : &seen->udp;

		seen->odd |= (line->query[0] << 8 | line->query[1]) != (int)*count ||
			     memcmp(line->query, line->reply, 2) != 0 ||
			     memcmp(line->client, "\x7f\0\0\1", 4) != 0 || line->client_port == 0 ||
			     line->qtype != WIRE_TYPE_SOA || line->qname_length != 1 ||
			     line->rcode != WIRE_RCODE_SERVFAIL ||
			     line->query_length != 4 + sizeof(question) ||
			     line->reply_length != 12 + 5 || line->node != LEDGER_NO_NODE;
		++*count;
	}
}

Test(stream_connection, enters_each_query_in_the_ledger)
{
	enum { ASKED = 3 * LEDGER_PAGE + 5 };
	static uint8_t octets[ASKED * 32], reply[64];
	struct seen seen = {.odd = false};
	struct ledger_readers readers = {1, {{page_see, &seen}}};
	struct stream_settings settings = settings_make();
	size_t used = 0;
	int fd;

	settings.readers = &readers;
	node_start(&settings);
	fd = client(SOCK_STREAM);
	for (uint16_t i = 0; i < ASKED; i++)
		used += query_write(octets + used, i);
	cr_assert_eq(write(fd, octets, used), (ssize_t)used);
	for (uint16_t i = 0; i < ASKED; i++)
		reply_expect(fd, i);
	close(fd);
	fd = client(SOCK_DGRAM);
	for (uint16_t i = 0; i < 5; i++) {
		size_t size = query_write(octets, i) - 2;

		cr_assert_eq(write(fd, octets + 2, size), (ssize_t)size);
		cr_assert_gt(read_some(fd, reply, sizeof(reply)), 0);
	}
	close(fd);
	node_stop();
	cr_expect_eq(seen.tcp, ASKED);
	cr_expect_eq(seen.udp, 5);
	cr_expect_not(seen.odd);
}
