/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

int server_log_type;

static const char help[] =
	"usage: mangroved --config FILE [--check]\n"
	"\n"
	"Answers DNS queries on NIC queues, from a zone that it has verified.\n"
	"\n"
	"  --config FILE  YAML; mangroved.yaml documents each key\n"
	"  --check        read the configuration, build the zone, start nothing\n"
	"  --help, --version\n"
	"\n"
	"SIGHUP loads the zone anew, SIGUSR1 logs the counters, SIGTERM and SIGINT stop.\n"
	"Exit code: 0 stopped when asked, 1 failed, 2 wrong usage or configuration\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, 'k'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{0},
};

static int
failed(int code, const struct why *why)
{
	fprintf(stderr, "mangroved: %s\n", why->text);
	return code;
}

static void
directory_find(char directory[static 256])
{
	char path[256] = "";

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		path[0] = '\0';
	snprintf(directory, 256, "%s", dirname(path));
}

static void
zone_reload(struct server *server)
{
	struct image_catalogue *catalogue;
	struct why why;

	if (server_catalogue_build(server, &catalogue, &why) < 0) {
		SERVER_LOG(ERR, "zone refused, the old one stays: %s\n", why.text);
		return;
	}
	server_catalogue_free(worker_publish(&server->slot, catalogue));
	server->catalogue = catalogue;
}

static void
serve(struct server *server, const sigset_t *signals)
{
	int number;

	SERVER_LOG(NOTICE, "ready pid=%d lcores=%u variant=%s\n", getpid(),
		server->config->lcores_count, server->workers[0].variant->name);
	for (;;) {
		if (sigwait(signals, &number) != 0)
			continue;
		if (number == SIGHUP)
			zone_reload(server);
		else if (number == SIGUSR1)
			server_counters_log(server);
		else
			break;
	}
	SERVER_LOG(NOTICE, "stopping\n");
}

static int
run(struct server *server, const sigset_t *signals)
{
	struct why why = {.text = ""};
	int rc = server_eal_start(server, &why);

	if (rc == 0)
		rc = server_start(server, &why);
	if (rc == 0)
		serve(server, signals);
	server_stop(server);
	server_eal_stop(server);
	return rc < 0 ? failed(1, &why) : 0;
}

int
main(int argc, char **argv)
{
	struct server server = {.config = NULL};
	const char *path = NULL;
	struct config *config;
	bool check_only = false;
	struct why why;
	sigset_t signals;
	int option, rc;

	while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0;
		if (option == 'v')
			return puts("mangroved " MANGROVE_VERSION) < 0;
		if (option == 'k')
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
	/* blocked before EAL makes threads, which inherit that: only serve() takes signals */
	sigemptyset(&signals);
	for (size_t i = 0; i < 4; i++)
		sigaddset(&signals, ((const int[]){SIGHUP, SIGUSR1, SIGTERM, SIGINT})[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	server_log_type = rte_log_register_type_and_pick_level("mangrove", RTE_LOG_INFO);
	rte_openlog_stream(stderr);
	directory_find(server.directory);
	if (sodium_init() < 0 || config_read(path, &config, &why) < 0)
		return failed(2, &why);
	server.config = config;
	rc = server_catalogue_build(&server, &server.catalogue, &why);
	if (rc < 0)
		rc = failed(1, &why);
	else if (!check_only)
		rc = run(&server, &signals);
	server_catalogue_free(server.catalogue);
	config_free(config);
	return rc;
}
