/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "reload.h"

static const char help[] =
	"usage: mangroved --config FILE [--check]\n"
	"\n"
	"Answers DNS queries on NIC queues and sockets, from zones that it has verified.\n"
	"\n"
	"  -c, --config FILE  YAML; mangroved.yaml documents each key\n"
	"  --check            read the configuration and the drivers' files, build the zones,\n"
	"                     say what would be started, and start nothing\n"
	"  --help, --version\n"
	"\n"
	"SIGHUP loads the zones anew, SIGUSR1 logs the counters, SIGTERM and SIGINT stop.\n"
	"Exit code: 0 stopped when asked, 1 failed, 2 wrong usage or configuration\n";

enum { OPTION_CHECK = 256 };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{0},
};

static const int signals_taken[] = {SIGHUP, SIGUSR1, RELOAD_SIGNAL, SIGTERM, SIGINT};

static int
failed(int code, const struct why *why)
{
	fprintf(stderr, "mangroved: %s\n", why->text);
	return code;
}

static void
directory_find(char directory[static SERVER_PATH_MAX])
{
	char path[SERVER_PATH_MAX] = "";

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		path[0] = '\0';
	snprintf(directory, SERVER_PATH_MAX, "%s", dirname(path));
}

static void
zones_list(const struct image_catalogue *catalogue, char *text, size_t size)
{
	char name[WIRE_NAME_TEXT_MAX];
	struct image_facts facts;
	size_t used = 0;

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
	log_say(NOTICE, log_main,
		"ready pid=%d %s addresses=%s lcores=%u variant=%s hugepages=%s sockets=%s\n",
		getpid(), zones, addresses, config->lcores_count,
		config->lcores_count ? server->workers[0].variant->name : "none",
		server->hugepages ? "yes" : "no", sockets_word(config));
}

/* A build has ended: publish what it made. */
static void
service_replace(struct server *server, struct reload *reload)
{
	struct engine_service *service, *old = server->service;
	struct why why;
	int rc;

	if (!reload_take(reload, &service, &rc))
		return;
	if (rc < 0) {
		log_say(ERR, log_zone, "nothing loaded, all stays: %s\n", reload->why.text);
	} else {
		publish_replace(&server->slot, service);
		server->service = service;
		auditor_renew(server->auditor, service);
		server_service_free(old, service);
		log_say(NOTICE, log_zone, "zones published\n");
	}
	if (reload->again && reload_start(reload, &why) < 0)
		log_say(ERR, log_zone, "zones not loaded: %s\n", why.text);
}

static void
serve(struct server *server, struct reload *reload, const sigset_t *signals)
{
	struct why why;
	int number;

	ready_say(server);
	if (reload->again && reload_start(reload, &why) < 0)
		log_say(ERR, log_zone, "zones not loaded: %s\n", why.text);
	for (;;) {
		if (sigwait(signals, &number) != 0)
			continue;
		if (number == SIGHUP) {
			log_say(NOTICE, log_zone, "zones are loaded anew\n");
			if (reload_start(reload, &why) < 0)
				log_say(ERR, log_zone, "zones not loaded: %s\n", why.text);
		} else if (number == RELOAD_SIGNAL) {
			service_replace(server, reload);
		} else if (number == SIGUSR1) {
			server_counters_log(server);
		} else {
			break;
		}
	}
	log_say(NOTICE, log_main, "stopping signal=%s\n", sigabbrev_np(number));
}

/* Build the first service. @return 1: asked to stop meanwhile */
static int
service_first(
	struct server *server, struct reload *reload, const sigset_t *signals, struct why *why)
{
	int number, rc = reload_start(reload, why);

	while (rc == 0) {
		if (sigwait(signals, &number) != 0)
			continue;
		if (number == SIGTERM || number == SIGINT)
			return 1;
		/* it may have read the files already: once more, when what it makes is served */
		if (number == SIGHUP)
			reload->again = true;
		if (reload_take(reload, &server->service, &rc)) {
			if (rc < 0)
				*why = reload->why;
			break;
		}
	}
	return rc;
}

static int
run(struct server *server, struct reload *reload, const sigset_t *signals)
{
	struct why why = {.text = ""};
	int rc = server_eal_start(server, &why);

	if (rc == 0 && server->config->ports_count == 0)
		log_say(NOTICE, log_main, "no ports: sockets answer alone, DPDK is not started\n");
	if (rc == 0)
		rc = server_start(server, &why);
	if (rc == 0) {
		log_started();
		serve(server, reload, signals);
	}
	server_stop(server);
	server_eal_stop(server);
	return rc < 0 ? failed(1, &why) : 0;
}

/* @return the exit code */
static int
start(struct server *server, bool check_only)
{
	struct reload reload = {.server = server};
	struct why why;
	sigset_t signals;
	int rc;

	/* blocked before there are other threads, which inherit that: only this one takes them */
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(signals_taken) / sizeof(signals_taken[0]); i++)
		sigaddset(&signals, signals_taken[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rc = server_drivers_read(server, &why);
	if (rc == 0)
		rc = service_first(server, &reload, &signals, &why);
	if (rc < 0)
		rc = failed(1, &why);
	else if (rc == 0 && check_only)
		server_plan_print(server);
	else if (rc == 0)
		rc = run(server, &reload, &signals);
	else
		rc = 0;
	/* a build that still runs holds on to all of this: it and its child end with the process */
	if (reload.running)
		_exit(rc);
	server_drivers_free(server);
	server_service_free(server->service, NULL);
	return rc;
}

int
main(int argc, char **argv)
{
	struct server server = {.config = NULL};
	const char *path = NULL;
	struct config *config;
	bool check_only = false;
	struct why why = {.text = "libsodium does not start"};
	int option, rc;

	while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0;
		if (option == 'v')
			return puts("mangroved " MANGROVE_VERSION) < 0;
		if (option == OPTION_CHECK)
			check_only = true;
		else if (option == 'c')
			path = optarg;
		else
			return 2;
	}
	if (!path || optind != argc) {
		fputs("mangroved: --config FILE is needed, and nothing else; try --help\n", stderr);
		return 2;
	}
	if (sodium_init() < 0 || config_read(path, &config, &why) < 0)
		return failed(2, &why);
	directory_find(server.directory);
	server.config = config;
	guard_secrets_make(&server.secrets);
	rc = log_open(config->log_level, &why) < 0 ? failed(1, &why) : start(&server, check_only);
	config_free(config);
	return rc;
}
