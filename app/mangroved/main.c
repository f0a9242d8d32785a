/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "node.h"

static const char help[] =
	"usage: mangroved --config FILE [--check]\n"
	"\n"
	"Answers DNS queries on NIC queues and sockets, from zones that it has verified.\n"
	"\n"
	"  -c, --config FILE  YAML; mangroved.yaml documents each key\n"
	"  --check            read the configuration and the drivers' files, build the\n"
	"                     zones that have files, say what would be started, and start\n"
	"                     nothing\n"
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

int
main(int argc, char **argv)
{
	static struct node node;
	const char *path = NULL;
	struct config *config;
	struct why why = {.text = "libsodium does not start"};
	int option, rc;

	while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0;
		if (option == 'v')
			return puts("mangroved " MANGROVE_VERSION) < 0;
		if (option == OPTION_CHECK)
			node.check_only = true;
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
	directory_find(node.server.directory);
	node.config = node.server.config = config;
	guard_secrets_make(&node.server.secrets);
	rc = log_open(config->log_level, &why) < 0 ? failed(1, &why) : node_run(&node);
	config_free(config);
	return rc;
}
