/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "log.h"
#include "node.h"

enum {
	LENGTH_SIZE = 2,     /* before a message over TCP */
	FRAME_LOOK_MS = 1,   /* how often an lcore's reply is looked for */
	SPREAD_SECONDS = 60, /* an interval begins that much later at most, RSSAC047v2 4.2 */
	SPREAD_PART = 5,     /* or this part of it, where it is shorter */
	STEP_CORRECTNESS = RSSAC047_WAYS,
	STEPS,
};

static const char *const way_words[RSSAC047_WAYS] = {
	"ipv4-udp", "ipv4-tcp", "ipv6-udp", "ipv6-tcp"};

static void step_ask(uv_timer_t *timer);
static void interval_wait(struct probe *probe);

static bool
is_tcp(enum rssac047_way way)
{
	return way == RSSAC047_IPV4_TCP || way == RSSAC047_IPV6_TCP;
}

static bool
is_ipv6(enum rssac047_way way)
{
	return way == RSSAC047_IPV6_UDP || way == RSSAC047_IPV6_TCP;
}

/* Whether the node answers that way at all. */
static bool
way_is_served(const struct probe *probe, enum rssac047_way way)
{
	const struct config *config = probe->node->config;

	if ((is_ipv6(way) ? config->service.ipv6_count : config->service.ipv4_count) == 0)
		return false;
	if (is_tcp(way))
		return config->sockets.tcp == CONFIG_YES;
	return config->lcores_count > 0 || config->sockets.udp == CONFIG_YES;
}

static uint64_t
random_draw(void *context)
{
	uint64_t random;

	(void)context;
	randombytes_buf(&random, sizeof(random));
	return random;
}

/* The root as it is served. @return NULL: it is not */
static const struct image *
root_of(const struct probe *probe)
{
	const struct zone_entry *zone = zones_find(&probe->node->zones, &wire_name_root);

	return zone && zone->standing == ZONE_SERVED ? zone->image : NULL;
}

/* ---- what came of a question ---- */

static void
socket_closed(uv_handle_t *handle)
{
	struct probe *probe = handle->data;

	close_fd(&probe->fd);
	probe->fd = -1;
	probe->polls = false;
	if (probe->runs)
		uv_timer_start(&probe->timer, step_ask, 0, 0);
}

/* The next question, when this one's socket is gone. */
static void
step_next(struct probe *probe)
{
	uv_timer_stop(&probe->timer);
	probe->asked++;
	if (probe->polls)
		uv_close((uv_handle_t *)&probe->poll, socket_closed);
	else
		uv_timer_start(&probe->timer, step_ask, 0, 0);
}

static void
answer_told(struct probe *probe, bool answered)
{
	if (answered == !probe->unanswered[probe->way])
		return;
	probe->unanswered[probe->way] = !answered;
	if (answered)
		log_event(EVENT_PROBE_ANSWERED, "rssac047 answered again way=%s",
			way_words[probe->way]);
	else
		log_event(
			EVENT_PROBE_UNANSWERED, "rssac047 no answer way=%s", way_words[probe->way]);
}

static void
availability_take(struct probe *probe, bool answered, uint32_t serial)
{
	uint64_t ms = (uv_hrtime() - probe->asked_ns) / 1000000;

	rssac047_probed(probe->figures, probe->way, answered, (uint32_t)ms);
	answer_told(probe, answered);
	if (!answered || serial == 0)
		return;
	/* RFC 1982: the older one */
	if (!probe->has_serial || serial - probe->least_serial >= UINT32_C(1) << 31)
		probe->least_serial = serial;
	probe->has_serial = true;
}

static void
correctness_take(struct probe *probe, const uint8_t *reply, size_t length)
{
	const struct image *root = root_of(probe);
	const uint8_t *records;
	size_t records_length;
	struct why why;
	bool wrong;

	/* what was served when it was asked is not there any more */
	if (!root || probe->generation != probe->node->server.service->generation)
		return;
	records = image_records(root, &records_length);
	wrong = rssac047_check(records, records_length, &probe->query, reply, length, &why) < 0;
	rssac047_checked(probe->figures, wrong ? why.text : NULL, time(NULL));
	if (wrong)
		log_event(EVENT_PROBE_WRONG, "rssac047 wrong reply way=%s %s",
			way_words[probe->way], why.text);
}

/* @return false: it is no reply to the question, and another may come */
static bool
reply_take(struct probe *probe, const uint8_t *reply, size_t length)
{
	uint32_t serial = 0;
	unsigned int rcode;
	bool tc;

	if (!rssac047_reply_fits(&probe->query, reply, length, &rcode, &tc, &serial))
		return false;
	if (probe->step < STEP_CORRECTNESS)
		availability_take(probe, rcode == WIRE_RCODE_NOERROR, serial);
	else if (tc && !is_tcp(probe->way) && way_is_served(probe, probe->way + 1))
		/* 5.3: it is asked again over TCP */
		probe->again = true;
	else if (!tc && (rcode == WIRE_RCODE_NOERROR || rcode == WIRE_RCODE_NXDOMAIN))
		correctness_take(probe, reply, length);
	return true;
}

static void
unanswered(struct probe *probe)
{
	if (probe->step < STEP_CORRECTNESS)
		availability_take(probe, false, 0);
	step_next(probe);
}

static void
timed_out(uv_timer_t *timer)
{
	unanswered(timer->data);
}

/* ---- UDP through an lcore ---- */

static void
frame_heard(void *data, const uint8_t *message, uint16_t length)
{
	const struct probe_ticket *ticket = data;
	struct probe *probe = ticket->probe;

	/* it was given up, and is nobody's */
	if (!probe->runs || ticket->asked != probe->asked)
		return;
	if (!message)
		unanswered(probe);
	else if (reply_take(probe, message, length))
		step_next(probe);
}

static void
frame_look(uv_timer_t *timer)
{
	struct probe *probe = timer->data;

	if (probe->node->watch.selfquery)
		selfquery_turn(probe->node->watch.selfquery, clock_ms());
	if (uv_is_active((uv_handle_t *)timer) &&
		uv_hrtime() - probe->asked_ns > RSSAC047_TIMEOUT_MS * UINT64_C(1000000))
		unanswered(probe);
}

static bool
frame_ask(struct probe *probe)
{
	struct probe_ticket *ticket = &probe->tickets[probe->asked % PROBE_TICKETS];
	const struct selfquery_guest question = {
		.ipv6 = is_ipv6(probe->way),
		.message = probe->query.message,
		.length = probe->query.length,
		.heard = frame_heard,
		.data = ticket,
	};

	*ticket = (struct probe_ticket){.probe = probe, .asked = probe->asked};
	if (!probe->node->watch.selfquery ||
		!selfquery_guest_ask(probe->node->watch.selfquery,
			probe->turn % probe->node->server.workers_started, &question))
		return false;
	uv_timer_start(&probe->timer, frame_look, FRAME_LOOK_MS, FRAME_LOOK_MS);
	return true;
}

/* ---- sockets ---- */

/* @return octets of the whole message; 0: its length is not there yet */
static size_t
tcp_length(const struct probe *probe)
{
	return probe->received < LENGTH_SIZE
		       ? 0
		       : LENGTH_SIZE + (size_t)(probe->octets[0] << 8 | probe->octets[1]);
}

/* @return false: more may come */
static bool
tcp_read(struct probe *probe)
{
	ssize_t n = read(probe->fd, probe->octets + probe->received,
		sizeof(probe->octets) - probe->received);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		unanswered(probe);
		return true;
	}
	probe->received += (size_t)n;
	if (tcp_length(probe) == 0 || probe->received < tcp_length(probe))
		return false;
	if (reply_take(probe, probe->octets + LENGTH_SIZE, tcp_length(probe) - LENGTH_SIZE))
		step_next(probe);
	else
		unanswered(probe);
	return true;
}

static void
udp_read(struct probe *probe)
{
	ssize_t n = read(probe->fd, probe->octets, sizeof(probe->octets));

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		unanswered(probe);
	else if (n >= 0 && reply_take(probe, probe->octets, (size_t)n))
		step_next(probe);
}

static void socket_ready(uv_poll_t *poll, int status, int events);

/* The connection is there: the question goes in one piece, as it fits into any buffer. */
static void
tcp_write(struct probe *probe)
{
	uint8_t octets[LENGTH_SIZE + RSSAC047_QUERY_MAX];
	size_t size = LENGTH_SIZE + (size_t)probe->query.length;

	wire_u16_patch(octets, probe->query.length);
	memcpy(octets + LENGTH_SIZE, probe->query.message, probe->query.length);
	if (write(probe->fd, octets, size) != (ssize_t)size) {
		unanswered(probe);
		return;
	}
	uv_poll_start(&probe->poll, UV_READABLE, socket_ready);
}

static void
socket_ready(uv_poll_t *poll, int status, int events)
{
	struct probe *probe = poll->data;

	if (status < 0)
		unanswered(probe);
	else if (!is_tcp(probe->way))
		udp_read(probe);
	else if (events & UV_WRITABLE)
		tcp_write(probe);
	else
		tcp_read(probe);
}

static void
address_write(const struct probe *probe, uint16_t port, struct sockaddr_storage *address)
{
	const struct packet_service *service = &probe->node->config->service;

	memset(address, 0, sizeof(*address));
	if (is_ipv6(probe->way)) {
		struct sockaddr_in6 *to = (struct sockaddr_in6 *)address;

		to->sin6_family = AF_INET6;
		to->sin6_port = htons(port);
		memcpy(&to->sin6_addr, service->ipv6[probe->turn % service->ipv6_count], 16);
	} else {
		struct sockaddr_in *to = (struct sockaddr_in *)address;

		to->sin_family = AF_INET;
		to->sin_port = htons(port);
		memcpy(&to->sin_addr, service->ipv4[probe->turn % service->ipv4_count], 4);
	}
}

/* From the service address to itself: where that is not ours, no packet may leave for another node
 * of the same address. */
static int
socket_connect(const struct probe *probe)
{
	int type = is_tcp(probe->way) ? SOCK_STREAM : SOCK_DGRAM;
	struct sockaddr_storage from, to;
	int fd = socket(
		is_ipv6(probe->way) ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	address_write(probe, 0, &from);
	address_write(probe, (uint16_t)probe->node->config->sockets.port, &to);
	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0 &&
		(connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ||
			errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

static bool
socket_ask(struct probe *probe)
{
	probe->fd = socket_connect(probe);
	probe->received = 0;
	if (probe->fd < 0 || uv_poll_init(&probe->node->loop, &probe->poll, probe->fd) < 0) {
		close_fd(&probe->fd);
		probe->fd = -1;
		return false;
	}
	probe->poll.data = probe;
	probe->polls = true;
	if (!is_tcp(probe->way) && write(probe->fd, probe->query.message, probe->query.length) < 0)
		return false;
	uv_poll_start(&probe->poll, is_tcp(probe->way) ? UV_WRITABLE : UV_READABLE, socket_ready);
	uv_timer_start(&probe->timer, timed_out, RSSAC047_TIMEOUT_MS, 0);
	return true;
}

/* ---- an interval ---- */

/* A way that is served, by chance. @return false: there is none */
static bool
way_draw(struct probe *probe)
{
	enum rssac047_way ways[RSSAC047_WAYS];
	unsigned int count = 0;

	for (unsigned int way = 0; way < RSSAC047_WAYS; way++)
		if (way_is_served(probe, way))
			ways[count++] = way;
	if (count)
		probe->way = ways[randombytes_uniform(count)];
	return count > 0;
}

/* @return false: the step has no question */
static bool
question_make(struct probe *probe)
{
	const struct image *root = root_of(probe);
	const uint8_t *records;
	size_t length;

	if (probe->step < STEP_CORRECTNESS) {
		probe->way = probe->step;
		rssac047_query_soa(&probe->query, random_draw(NULL));
		return way_is_served(probe, probe->way);
	}
	if (!root || !way_draw(probe))
		return false;
	records = image_records(root, &length);
	rssac047_query_draw(&probe->query, records, length, random_draw, NULL);
	return true;
}

static void
interval_end(struct probe *probe)
{
	struct why why;
	bool failed;

	if (probe->has_serial)
		rssac047_seen(probe->figures, probe->least_serial, time(NULL));
	failed = rssac047_write(probe->figures, &why) < 0;
	if (failed && !probe->failed)
		log_event(EVENT_PROBE_FAULT, "rssac047 %s", why.text);
	probe->failed = failed;
	interval_wait(probe);
}

/* Ask the next question that there is, or the last one once more. */
static void
step_ask(uv_timer_t *timer)
{
	struct probe *probe = timer->data;
	bool makes = !probe->again;

	probe->way += probe->again;
	probe->again = false;
	while (makes && ++probe->step < STEPS)
		makes = !question_make(probe);
	if (probe->step == STEPS) {
		interval_end(probe);
		return;
	}
	probe->generation = probe->node->server.service->generation;
	probe->asked_ns = uv_hrtime();
	if (!(is_tcp(probe->way) || probe->node->config->lcores_count == 0 ? socket_ask(probe)
									   : frame_ask(probe)))
		unanswered(probe);
}

static void
interval_begin(uv_timer_t *timer)
{
	struct probe *probe = timer->data;

	rssac047_begin(probe->figures, time(NULL));
	probe->turn++;
	probe->step = UINT_MAX; /* before the first */
	probe->has_serial = false;
	probe->again = false;
	step_ask(timer);
}

/* RSSAC047v2 4.2: within a minute of the beginning of an interval, by chance. */
static void
interval_wait(struct probe *probe)
{
	uint64_t interval = probe->node->config->rssac047->interval_seconds;
	uint64_t spread =
		interval / SPREAD_PART < SPREAD_SECONDS ? interval / SPREAD_PART : SPREAD_SECONDS;
	struct timespec now;
	uint64_t now_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	uv_timer_start(&probe->timer, interval_begin,
		interval * 1000 - now_ms % (interval * 1000) +
			randombytes_uniform((uint32_t)spread * 1000 + 1),
		0);
}

/* ---- from start to end ---- */

/* What cannot be read is set aside: a person may want to look at it. */
static void
state_read(struct probe *probe, const char *path)
{
	char aside[PATH_MAX + sizeof(".bad")];
	struct why why;

	if (rssac047_read(probe->figures, &why) == 0)
		return;
	snprintf(aside, sizeof(aside), "%s.bad", path);
	log_event(EVENT_PROBE_ANEW, "rssac047 begins anew: %s; kept as %s", why.text, aside);
	if (rename(path, aside) < 0)
		log_event(EVENT_PROBE_FAULT, "rssac047 %s: %s", aside, strerror(errno));
}

int
probe_begin(struct probe *probe, struct node *node, struct why *why)
{
	const struct config *config = node->config;
	char path[PATH_MAX];

	if (!config->rssac047)
		return 0;
	snprintf(path, sizeof(path), "%s/rssac047.json",
		config->state_directory ? config->state_directory : "");
	*probe = (struct probe){.node = node, .fd = -1, .runs = true};
	probe->figures = rssac047_new(
		config->state_directory ? path : NULL, config->rssac047->interval_seconds);
	if (!probe->figures)
		return why_set(why, ENOMEM, "out of memory");
	if (config->state_directory)
		state_read(probe, path);
	uv_timer_init(&node->loop, &probe->timer);
	probe->timer.data = probe;
	for (unsigned int i = 0; i < node->zones.count; i++)
		probe_zone(probe, &node->zones.entries[i]);
	interval_wait(probe);
	return 0;
}

void
probe_zone(struct probe *probe, const struct zone_entry *zone)
{
	if (!probe->figures || !wire_name_is_root(&zone->origin))
		return;
	for (unsigned int i = 0; i < zone->config->primaries_count; i++) {
		const struct refresh_primary *primary = &zone->refresh.primaries[i];

		if (primary->standing == REFRESH_CURRENT || primary->standing == REFRESH_NEWER)
			rssac047_heard(probe->figures, primary->serial, zone->asked_at[i]);
	}
}

void
probe_ask(struct node *node, const json_t *request, struct control_call *call)
{
	const struct rssac047 *figures = node->probe.figures;

	(void)request;
	if (figures)
		control_reply(call, rssac047_json(figures, time(NULL)));
	else
		control_fail(call, CONTROL_FAILED, "nothing is probed: %s",
			node->config->rssac047 ? "the server starts"
					       : "rssac047 is not configured");
}

void
probe_end(struct probe *probe)
{
	struct why why;

	if (!probe->runs)
		return;
	probe->runs = false;
	uv_close((uv_handle_t *)&probe->timer, NULL);
	if (probe->polls && !uv_is_closing((uv_handle_t *)&probe->poll))
		uv_close((uv_handle_t *)&probe->poll, socket_closed);
	if (rssac047_write(probe->figures, &why) < 0)
		log_event(EVENT_PROBE_FAULT, "rssac047 %s", why.text);
	rssac047_free(probe->figures);
	probe->figures = NULL;
}
