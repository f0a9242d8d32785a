/* SPDX-License-Identifier: BSD-3-Clause */
#include "node.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"

static const int signals_taken[] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};

enum {
	DRAIN_LOOK_MS = 50,
	/* without a query for so long, traffic is taken as gone */
	DRAIN_QUIET_MS = 500,
	DRAIN_MAX_MS = 5000,
};

static int
failed(int code, const struct why *why)
{
	fprintf(stderr, "mangroved: %s\n", why->text);
	return code;
}

/* ---- what is told when it is ready ---- */

static void
zones_list(const struct image_catalogue *catalogue, char *text, size_t size)
{
	char name[WIRE_NAME_TEXT_MAX];
	struct image_facts facts;
	size_t used = 0;

	if (catalogue->count == 0)
		snprintf(text, size, "zone=none");
	for (unsigned int i = 0; i < catalogue->count && used < size; i++) {
		image_facts(catalogue->images[i], &facts);
		used += (size_t)snprintf(text + used, size - used, "%szone=%s serial=%u",
			i ? " " : "", wire_name_to_text(&facts.origin, name), facts.serial);
	}
}

static const char *
sockets_word(const struct config *config)
{
	if (config->sockets.udp == CONFIG_YES)
		return config->sockets.tcp == CONFIG_YES ? "udp,tcp" : "udp";
	return config->sockets.tcp == CONFIG_YES ? "tcp" : "none";
}

static void
ready_say(const struct server *server)
{
	const struct config *config = server->config;
	char addresses[1024] = "", zones[1024] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < config->addresses_count && used < sizeof(addresses); i++)
		used += (size_t)snprintf(addresses + used, sizeof(addresses) - used, "%s%s",
			i ? "," : "", config->addresses[i]);
	zones_list(&server->service->catalogue, zones, sizeof(zones));
	log_event(EVENT_READY,
		"ready pid=%d %s addresses=%s lcores=%u variant=%s hugepages=%s sockets=%s",
		getpid(), zones, addresses, config->lcores_count,
		config->lcores_count ? server->workers[0].variant->name : "none",
		server->hugepages ? "yes" : "no", sockets_word(config));
}

/* ---- zones ---- */

static void
publishing(void *context, const struct engine_service *service)
{
	struct node *node = context;

	statistics_publishing(&node->statistics, service);
	observatory_publishing(&node->observatory, service);
	watch_publishing(&node->watch, service);
}

static void
published(void *context, const struct engine_service *service)
{
	struct node *node = context;

	auditor_renew(node->server.auditor, service);
	watch_published(&node->watch);
	statistics_published(&node->statistics);
	provide_published(&node->provide, service);
}

static void
zone_changed(void *context, const struct zone_entry *zone)
{
	struct node *node = context;

	watch_zone(&node->watch, zone);
	probe_zone(&node->probe, zone);
}

static void
zone_judged(void *context, const struct zone_entry *zone, const char *text)
{
	struct node *node = context;

	watch_judged(&node->watch, zone, text);
}

static int
bring_up(struct node *node, struct why *why)
{
	struct server *server = &node->server;
	int rc = server_slot_make(server, why);

	if (rc == 0)
		rc = server_eal_start(server, why);
	if (rc == 0)
		rc = provide_begin(&node->provide, node, why);
	if (rc == 0)
		rc = statistics_begin(&node->statistics, node, why);
	if (rc == 0)
		rc = observatory_begin(&node->observatory, node, why);
	if (rc == 0)
		rc = limits_begin(&node->limits, node, why);
	if (rc < 0)
		return rc;
	if (node->config->ports_count == 0)
		log_event(EVENT_NO_PORTS, "no ports: sockets answer alone, DPDK is not started");
	zones_publish_begin(&node->zones);
	rc = server_start(server, why);
	if (rc == 0)
		rc = watch_up(&node->watch, why);
	return rc < 0 ? rc : probe_begin(&node->probe, node, why);
}

static void
zones_started(void *context, int rc, const struct why *why)
{
	struct node *node = context;
	struct why fault;

	if (rc < 0) {
		node_stop(node, failed(1, why));
		return;
	}
	if (node->check_only) {
		server_plan_print(&node->server);
		node_stop(node, 0);
		return;
	}
	node->up = true;
	if (bring_up(node, &fault) < 0) {
		node_stop(node, failed(1, &fault));
		return;
	}
	log_started();
	ready_say(&node->server);
}

/* ---- signals ---- */

static void
reload(struct node *node)
{
	log_event(EVENT_RELOAD, "zones are loaded anew");
	/* the secrets of cookies */
	zones_publish(&node->zones, NULL);
	for (unsigned int i = 0; i < node->zones.count; i++)
		zone_reload(&node->zones.entries[i]);
}

static void
signalled(uv_poll_t *poll, int status, int events)
{
	struct node *node = poll->data;
	struct signalfd_siginfo signal;

	(void)events;
	if (status < 0 || read(node->signal_fd, &signal, sizeof(signal)) != sizeof(signal))
		return;
	switch (signal.ssi_signo) {
	case SIGHUP:
		reload(node);
		break;
	case SIGUSR1:
		if (node->up)
			server_counters_log(&node->server);
		provide_log(&node->provide);
		break;
	default:
		log_event(
			EVENT_STOPPING, "stopping signal=%s", sigabbrev_np((int)signal.ssi_signo));
		/* a check that did not come to its end has found nothing good */
		node_stop(node, node->check_only);
	}
}

/* Blocked before there are other threads, which inherit that: only this loop takes them. */
static int
signals_take(struct node *node, struct why *why)
{
	sigset_t taken, broken;

	sigemptyset(&taken);
	for (size_t i = 0; i < sizeof(signals_taken) / sizeof(signals_taken[0]); i++)
		sigaddset(&taken, signals_taken[i]);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	/* a peer that is gone is an error of the write, no signal */
	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	sigprocmask(SIG_BLOCK, &broken, NULL);
	node->signal_fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
	if (node->signal_fd < 0)
		return why_errno(why, "signalfd");
	uv_poll_init(&node->loop, &node->signals, node->signal_fd);
	node->signals.data = node;
	uv_poll_start(&node->signals, UV_READABLE, signalled);
	return 0;
}

/* ---- from start to end ---- */

static int
control_begin(struct node *node, struct why *why)
{
	const struct control_options options = {
		.path = node->config->control.socket,
		.group = node->config->control.group,
		.handler = commands_handle,
		.context = node,
	};

	return options.path ? control_open(&node->loop, &options, &node->control, why) : 0;
}

static int
begin(struct node *node, struct why *why)
{
	const struct zones_callbacks callbacks = {
		.context = node,
		.started = zones_started,
		.publishing = publishing,
		.published = published,
		.changed = zone_changed,
		.judged = zone_judged,
	};
	const struct config *config = node->config;
	int rc = signals_take(node, why);

	if (rc == 0)
		rc = server_drivers_read(&node->server, why);
	if (rc == 0 && config->tsig_keys)
		rc = tsig_keys_read(config->tsig_keys, &node->keys, why);
	if (rc == 0 && !node->check_only)
		rc = watch_begin(&node->watch, node, why);
	if (rc == 0 && !node->check_only)
		rc = control_begin(node, why);
	return rc < 0 ? rc
		      : zones_start(&node->zones, &node->server, node->keys, &node->loop,
				&callbacks, node->check_only, why);
}

static void
handle_close(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Nobody asks any more, or it was waited for long enough: stop all that answers. */
static void
end(struct node *node)
{
	if (node->drains)
		uv_close((uv_handle_t *)&node->drain, NULL);
	node->drains = false;
	provide_log(&node->provide);
	provide_end(&node->provide);
	probe_end(&node->probe);
	watch_down(&node->watch);
	if (node->up) {
		server_stop(&node->server);
		server_eal_stop(&node->server);
		statistics_end(&node->statistics);
		observatory_end(&node->observatory);
		limits_end(&node->limits);
	}
	zones_stop(&node->zones);
	control_close(node->control);
	node->control = NULL;
	/* a build that still runs holds on to all of this: it and its child end with the process */
	if (zones_busy(&node->zones))
		_exit(node->exit_code);
	uv_close((uv_handle_t *)&node->signals, NULL);
}

static void
drain_look(uv_timer_t *timer)
{
	struct node *node = timer->data;
	uint64_t received = server_received(&node->server);
	int64_t now = clock_ms();

	if (received != node->drain_received)
		node->quiet_since_ms = now;
	node->drain_received = received;
	if (now - node->quiet_since_ms >= DRAIN_QUIET_MS || now >= node->drain_until_ms)
		end(node);
}

/* The routes are withdrawn: what routers still send is answered until it ebbs away. */
static void
drain_begin(struct node *node)
{
	const struct config_announce *announce = &node->config->announce;

	if (!node->up || (!announce->interface && !announce->down_ipv4_count &&
				 !announce->down_ipv6_count)) {
		end(node);
		return;
	}
	node->quiet_since_ms = clock_ms();
	node->drain_until_ms = node->quiet_since_ms + DRAIN_MAX_MS;
	node->drain_received = server_received(&node->server);
	uv_timer_init(&node->loop, &node->drain);
	node->drain.data = node;
	node->drains = true;
	uv_timer_start(&node->drain, drain_look, DRAIN_LOOK_MS, DRAIN_LOOK_MS);
}

void
node_stop(struct node *node, int exit_code)
{
	if (node->stopping) {
		/* told twice: at once */
		if (node->drains)
			end(node);
		return;
	}
	node->stopping = true;
	node->exit_code = exit_code;
	/* a check watches nothing, and has told nobody */
	if (node->check_only)
		end(node);
	else
		watch_withdraw(&node->watch, drain_begin);
}

int
node_run(struct node *node)
{
	struct why why;

	if (uv_loop_init(&node->loop) < 0)
		return 1;
	node->signal_fd = -1;
	node->started_at = time(NULL);
	if (begin(node, &why) < 0) {
		node->exit_code = failed(1, &why);
		control_close(node->control);
		uv_walk(&node->loop, handle_close, NULL);
	}
	uv_run(&node->loop, UV_RUN_DEFAULT);
	uv_loop_close(&node->loop);
	zones_free(&node->zones);
	watch_free(&node->watch);
	tsig_keys_free(node->keys);
	close_fd(&node->signal_fd);
	server_drivers_free(&node->server);
	return node->exit_code;
}
