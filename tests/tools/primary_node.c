/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A primary and nothing else, for tests with real secondaries. Images come from files, commands
 * from standard input, a line each:
 *
 *   publish IMAGE...   these zones from now on
 *   withhold ZONE      one that is here no more, as if it had expired
 *   serve ZONE yes|no  whether it may be handed out
 *   count              print all counters
 *
 * What happens is printed, a line each. It ends with its input.
 */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "primary/primary.h"

enum { LINE_MAX_SIZE = 4096 };

struct node {
	struct primary_settings settings;
	struct publish_slot slot;
	struct primary *primary;
	struct tsig_keys *keys;
	struct engine_service *service;
	char line[LINE_MAX_SIZE];
	size_t line_length;
};

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

/* ADDRESS@PORT */
static struct sockaddr_storage
address_of(char *text)
{
	struct sockaddr_storage address;
	char *at = strchr(text, '@');

	if (!at)
		die("%s: no port", text);
	*at = '\0';
	if (uv_ip4_addr(text, atoi(at + 1), (struct sockaddr_in *)&address) != 0 &&
		uv_ip6_addr(text, atoi(at + 1), (struct sockaddr_in6 *)&address) != 0)
		die("%s: no address", text);
	return address;
}

static const struct tsig_key *
key_of(const struct node *node, const char *text)
{
	const struct tsig_key *key = NULL;
	struct wire_name name;

	if (!text || strcmp(text, "-") == 0)
		return NULL;
	if (wire_name_from_text(&name, text) && node->keys) {
		wire_name_fold(&name);
		key = tsig_key_find(node->keys, &name);
	}
	if (!key)
		die("%s: no such key", text);
	return key;
}

/* ADDRESS/BITS,KEY,[t][n][q]; "any" for the address, "-" for no key, nothing: denied */
static void
access_add(struct node *node, char *text)
{
	struct primary_access *access = &node->settings.access[node->settings.access_count++];
	char *address = strsep(&text, ","), *key = strsep(&text, ","), *bits;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	for (const char *c = text ? text : ""; *c; c++)
		access->actions |= *c == 't'   ? PRIMARY_MAY_TRANSFER
				   : *c == 'n' ? PRIMARY_MAY_NOTIFY
					       : PRIMARY_MAY_QUERY;
	access->key = key_of(node, key);
	bits = strchr(address, '/');
	if (!bits)
		return;
	*bits = '\0';
	access->prefix_length = (uint8_t)atoi(bits + 1);
	if (uv_ip4_addr(address, 0, &ipv4) == 0) {
		access->address_size = 4;
		memcpy(access->address, &ipv4.sin_addr, 4);
	} else if (uv_ip6_addr(address, 0, &ipv6) == 0) {
		access->address_size = 16;
		memcpy(access->address, &ipv6.sin6_addr, 16);
	} else {
		die("%s: no address", address);
	}
}

static void
listener_add(struct node *node, char *text, bool tls)
{
	struct primary_settings *settings = &node->settings;

	settings->listeners[settings->listener_count++] =
		(struct primary_listener){address_of(text), tls};
}

/* ADDRESS@PORT,KEY */
static void
secondary_add(struct node *node, char *text)
{
	struct primary_settings *settings = &node->settings;
	char *address = strsep(&text, ",");

	settings->secondaries[settings->secondary_count++] =
		(struct primary_secondary){address_of(address), key_of(node, text)};
}

static const struct option options[] = {
	{"listen", required_argument, NULL, 'l'},
	{"listen-tls", required_argument, NULL, 't'},
	{"certificate", required_argument, NULL, 'c'},
	{"private-key", required_argument, NULL, 'p'},
	{"keys", required_argument, NULL, 'k'},
	{"access", required_argument, NULL, 'a'},
	{"notify", required_argument, NULL, 'n'},
	{"rate", required_argument, NULL, 'r'},
	{"transfers", required_argument, NULL, 'x'},
	{"connections", required_argument, NULL, 'm'},
	{"timeout", required_argument, NULL, 'o'},
	{0},
};

static void
option_take(struct node *node, int option, char *value)
{
	struct primary_settings *settings = &node->settings;
	struct why why;

	switch (option) {
	case 'l':
	case 't':
		listener_add(node, value, option == 't');
		break;
	case 'c':
		settings->certificate = value;
		break;
	case 'p':
		settings->key = value;
		break;
	case 'k':
		if (tsig_keys_read(value, &node->keys, &why) < 0)
			die("%s", why.text);
		settings->keys = node->keys;
		break;
	case 'a':
		access_add(node, value);
		break;
	case 'n':
		secondary_add(node, value);
		break;
	case 'r':
		settings->limits.octets_per_second_per_transfer = (uint64_t)atoll(value);
		break;
	case 'x':
		settings->limits.transfers_per_prefix = (unsigned int)atoi(value);
		break;
	case 'm':
		settings->limits.connections_per_prefix = (unsigned int)atoi(value);
		break;
	case 'o':
		settings->limits.message_timeout_ms = (unsigned int)atoi(value);
		break;
	default:
		exit(2);
	}
}

static void
told(void *context, bool is_bad, const char *line)
{
	(void)context;
	printf("%s %s\n", is_bad ? "warning" : "notice", line);
}

static void
notified(void *context, const struct wire_name *origin, const struct sockaddr *source,
	bool has_serial, uint32_t serial)
{
	char name[WIRE_NAME_TEXT_MAX], address[64] = "";

	(void)context;
	if (source->sa_family == AF_INET)
		uv_ip4_name((const struct sockaddr_in *)source, address, sizeof(address));
	else
		uv_ip6_name((const struct sockaddr_in6 *)source, address, sizeof(address));
	printf("notified zone=%s from=%s has_serial=%d serial=%u\n",
		wire_name_to_text(origin, name), address, has_serial, has_serial ? serial : 0);
}

/* ---- commands ---- */

static void
service_replace(struct node *node, struct engine_service *service)
{
	struct why why;
	int64_t began_ms = clock_ms();

	publish_replace(&node->slot, service);
	if (primary_publish(node->primary, &service->catalogue, &why) < 0)
		die("%s", why.text);
	printf("published ms=%lld\n", (long long)(clock_ms() - began_ms));
	if (node->service)
		for (unsigned int i = 0; i < node->service->catalogue.count; i++) {
			const struct image *image = node->service->catalogue.images[i];
			bool is_kept = false;

			for (unsigned int k = 0; k < service->catalogue.count; k++)
				is_kept |= service->catalogue.images[k] == image;
			if (!is_kept)
				image_free((struct image *)image);
		}
	free(node->service);
	node->service = service;
}

static void
publish_do(struct node *node, char *paths)
{
	struct engine_service *service = calloc(1, sizeof(*service));
	const char *path;
	struct why why;

	while ((path = strsep(&paths, " "))) {
		struct image *image;

		if (image_open_path(path, &image, &why) < 0)
			die("%s", why.text);
		service->catalogue.images[service->catalogue.count++] = image;
	}
	service_replace(node, service);
}

static void
withhold_do(struct node *node, const char *zone)
{
	struct engine_service *service = calloc(1, sizeof(*service));
	struct image_catalogue *catalogue = &service->catalogue;
	struct wire_name origin;

	if (!wire_name_from_text(&origin, zone))
		die("%s: no name", zone);
	*service = *node->service;
	for (unsigned int i = 0; i < catalogue->count; i++) {
		struct image_facts facts;

		image_facts(catalogue->images[i], &facts);
		if (!wire_name_equal(&facts.origin, &origin))
			continue;
		catalogue->images[i] = catalogue->images[--catalogue->count];
		catalogue->withheld[catalogue->withheld_count++] =
			(struct zone_withheld){origin, true};
		break;
	}
	service_replace(node, service);
}

static void
serve_do(struct node *node, char *arguments)
{
	const char *zone = strsep(&arguments, " ");
	struct wire_name origin;

	if (!wire_name_from_text(&origin, zone) || !arguments)
		die("serve ZONE yes|no");
	primary_zone_serve(node->primary, &origin, strcmp(arguments, "yes") == 0);
	printf("serving zone=%s %s\n", zone, arguments);
}

static void
command_do(struct node *node, char *line)
{
	const char *command = strsep(&line, " ");

	if (strcmp(command, "publish") == 0 && line) {
		publish_do(node, line);
	} else if (strcmp(command, "withhold") == 0 && line) {
		withhold_do(node, line);
	} else if (strcmp(command, "serve") == 0 && line) {
		serve_do(node, line);
	} else if (strcmp(command, "count") == 0) {
		for (unsigned int i = 0; i < PRIMARY_COUNTS; i++)
			printf("count %s=%llu\n", primary_count_names[i],
				(unsigned long long)primary_count(node->primary, i));
		printf("counted\n");
	} else {
		die("%s: no such command", command);
	}
}

static void
line_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct node *node = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(node->line + node->line_length,
		(unsigned int)(sizeof(node->line) - node->line_length));
}

static void
line_take(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct node *node = stream->data;
	char *end;

	(void)buffer;
	if (count < 0) {
		primary_free(node->primary);
		uv_close((uv_handle_t *)stream, NULL);
		return;
	}
	node->line_length += (size_t)count;
	while ((end = memchr(node->line, '\n', node->line_length))) {
		size_t used = (size_t)(end + 1 - node->line);

		*end = '\0';
		command_do(node, node->line);
		node->line_length -= used;
		memmove(node->line, node->line + used, node->line_length);
	}
}

static void
service_free(struct node *node)
{
	for (unsigned int i = 0; node->service && i < node->service->catalogue.count; i++)
		image_free((struct image *)node->service->catalogue.images[i]);
	free(node->service);
	publish_free(&node->slot);
	tsig_keys_free(node->keys);
}

int
main(int argc, char **argv)
{
	static struct node node;
	uv_loop_t *loop = uv_default_loop();
	struct why why;
	uv_pipe_t input;
	int option;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	node.settings.loop = loop;
	node.settings.slot = &node.slot;
	node.settings.limits = primary_limits_default;
	node.settings.callbacks = (struct primary_callbacks){NULL, notified, told};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		option_take(&node, option, optarg);
	if (publish_init(&node.slot, 1) < 0 ||
		primary_start(&node.settings, &node.primary, &why) < 0)
		die("%s", why.text);
	uv_pipe_init(loop, &input, 0);
	input.data = &node;
	uv_pipe_open(&input, 0);
	uv_read_start((uv_stream_t *)&input, line_offer, line_take);
	printf("ready\n");
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	service_free(&node);
	return 0;
}
