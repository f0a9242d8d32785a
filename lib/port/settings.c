/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { SETTINGS_SIZE_MAX = 1 << 20, KEY_MAX = 64 };

struct port_settings {
	char *path;
	const cyaml_schema_value_t *schema;
	void *values;
	/* libcyaml forgets lines once it has read: libyaml's own tree remembers them */
	yaml_document_t document;
};

/* What libcyaml says, line by line: the fault, then the places that lead to it. */
struct complaint {
	char text[256];
	char key[KEY_MAX];
	unsigned long line; /* 0: none told */
};

static void
complaint_keep(cyaml_log_t level, void *context, const char *format, va_list args)
{
	struct complaint *complaint = context;
	const char *place;
	char line[256];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (!complaint->text[0])
		snprintf(complaint->text, sizeof(complaint->text), "%s",
			strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
	place = strstr(line, "(line: ");
	if (place && !complaint->line)
		complaint->line = strtoul(place + 7, NULL, 10);
	place = strstr(line, "in mapping field '");
	if (place && !complaint->key[0])
		snprintf(complaint->key, sizeof(complaint->key), "%.*s",
			(int)strcspn(place + 18, "'"), place + 18);
}

static const cyaml_config_t *
cyaml_how(cyaml_config_t *how, struct complaint *complaint)
{
	*how = (cyaml_config_t){
		.log_fn = complaint ? complaint_keep : NULL,
		.log_ctx = complaint,
		.log_level = CYAML_LOG_WARNING,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	return how;
}

static bool
scalar_is(const yaml_node_t *node, const char *text, size_t length)
{
	return node && node->type == YAML_SCALAR_NODE && node->data.scalar.length == length &&
	       memcmp(node->data.scalar.value, text, length) == 0;
}

/* The line on which a key stands, the first one not above `after`; 0: none */
static unsigned long
key_line(yaml_document_t *document, const char *key, unsigned long after)
{
	unsigned long best = 0;

	for (const yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
		if (node->type != YAML_MAPPING_NODE)
			continue;
		for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
			pair < node->data.mapping.pairs.top; pair++) {
			const yaml_node_t *at = yaml_document_get_node(document, pair->key);

			if (scalar_is(at, key, strlen(key)) && at->start_mark.line + 1 >= after &&
				(!best || at->start_mark.line + 1 < best))
				best = at->start_mark.line + 1;
		}
	}
	return best;
}

/* What stands below `node` by the first word of `key`: "ports", or "[0]". */
static yaml_node_t *
node_step(yaml_document_t *document, yaml_node_t *node, const char *key, size_t length)
{
	if (node->type == YAML_SEQUENCE_NODE && key[0] == '[') {
		yaml_node_item_t *item =
			node->data.sequence.items.start + strtoul(key + 1, NULL, 10);

		return item < node->data.sequence.items.top
			       ? yaml_document_get_node(document, *item)
			       : NULL;
	}
	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++)
		if (scalar_is(yaml_document_get_node(document, pair->key), key, length))
			return yaml_document_get_node(document, pair->value);
	return NULL;
}

/* The line of "ports[0].queues", or of as much of it as is there. */
static unsigned long
value_line(yaml_document_t *document, const char *key)
{
	yaml_node_t *node = yaml_document_get_root_node(document), *next;

	while (node && *key) {
		size_t length = key[0] == '[' ? strcspn(key, "]") + 1 : strcspn(key, ".[");

		next = node_step(document, node, key, length);
		if (!next)
			break;
		node = next;
		key += length;
		key += *key == '.';
	}
	return node ? node->start_mark.line + 1 : 1;
}

static int
document_read(struct port_settings *settings, const uint8_t *text, size_t size, struct why *why)
{
	yaml_parser_t parser;
	int rc = 0;

	if (!yaml_parser_initialize(&parser))
		return why_set(why, ENOMEM, "%s: out of memory", settings->path);
	yaml_parser_set_input_string(&parser, text, size);
	if (!yaml_parser_load(&parser, &settings->document))
		rc = why_set(why, EINVAL, "%s:%zu: %s", settings->path,
			parser.problem_mark.line + 1, parser.problem ? parser.problem : "no YAML");
	else if (!yaml_document_get_root_node(&settings->document))
		rc = why_set(why, EINVAL, "%s:1: nothing in it", settings->path);
	yaml_parser_delete(&parser);
	return rc;
}

/* The schema of the first key of that name, anywhere below a mapping's fields. */
static const cyaml_schema_value_t * /* NOLINTNEXTLINE(misc-no-recursion): a schema is finite */
schema_find(const cyaml_schema_value_t *value, const char *key)
{
	if (value->type == CYAML_SEQUENCE)
		return schema_find(value->sequence.entry, key);
	if (value->type != CYAML_MAPPING)
		return NULL;
	for (const cyaml_schema_field_t *field = value->mapping.fields; field->key; field++) {
		const cyaml_schema_value_t *found = strcmp(field->key, key) == 0
							    ? &field->value
							    : schema_find(&field->value, key);

		if (found)
			return found;
	}
	return NULL;
}

/* "spin, pause, sleep" for a key whose value is one of these or a list of them; else "". */
static const char *
words_tell(const cyaml_schema_value_t *schema, const char *key, char *text, size_t size)
{
	const cyaml_schema_value_t *value = schema_find(schema, key);
	size_t used = 0;

	text[0] = '\0';
	if (!value || (value->type != CYAML_ENUM && value->type != CYAML_FLAGS))
		return text;
	for (uint32_t i = 0; i < value->enumeration.count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
			i ? ", " : "; possible: ", value->enumeration.strings[i].str);
	return text;
}

static int
complaint_tell(struct port_settings *settings, const struct complaint *complaint, cyaml_err_t error,
	struct why *why)
{
	static const char unknown[] = "Unexpected key: ";
	static const char missing[] = "Missing required mapping field: ";
	unsigned long line = complaint->line ? complaint->line : 1;
	char words[256];
	const char *text = complaint->text[0] ? complaint->text : cyaml_strerror(error);

	if (strncmp(text, unknown, strlen(unknown)) == 0) {
		const char *key = text + strlen(unknown);
		unsigned long stands = key_line(&settings->document, key, line);

		return why_set(why, EINVAL, "%s:%lu: %s: unknown key", settings->path,
			stands ? stands : line, key);
	}
	if (strncmp(text, missing, strlen(missing)) == 0)
		return why_set(why, EINVAL, "%s:%lu: %s: missing", settings->path, line,
			text + strlen(missing));
	return why_set(why, EINVAL, "%s:%lu: %s%s%s%s", settings->path, line, complaint->key,
		complaint->key[0] ? ": " : "", text,
		words_tell(settings->schema, complaint->key, words, sizeof(words)));
}

int
port_settings_read(const char *path, const cyaml_schema_value_t *schema,
	struct port_settings **settings, struct why *why)
{
	uint8_t *text __attribute__((cleanup(free_memory))) = NULL;
	struct port_settings *made = calloc(1, sizeof(*made));
	struct complaint complaint = {.line = 0};
	cyaml_config_t how;
	cyaml_err_t error;
	size_t size;
	int rc;

	if (!made || !(made->path = strdup(path))) {
		rc = why_set(why, ENOMEM, "%s: out of memory", path);
		goto fail;
	}
	made->schema = schema;
	rc = file_read(path, SETTINGS_SIZE_MAX, &text, &size, why);
	if (rc == 0)
		rc = document_read(made, text, size, why);
	if (rc < 0)
		goto fail;
	error = cyaml_load_data(
		text, size, cyaml_how(&how, &complaint), schema, &made->values, NULL);
	if (error != CYAML_OK) {
		rc = complaint_tell(made, &complaint, error, why);
		goto fail;
	}
	*settings = made;
	return 0;
fail:
	port_settings_free(made);
	return rc;
}

void *
port_settings_values(const struct port_settings *settings)
{
	return settings->values;
}

int
port_settings_fault(const struct port_settings *settings, struct why *why, const char *key,
	const char *format, ...)
{
	/* looking something up does not change a document, but libyaml does not say so */
	yaml_document_t *document = (yaml_document_t *)(uintptr_t)&settings->document;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return why_set(why, EINVAL, "%s:%lu: %s: %s", settings->path, value_line(document, key),
		key, text);
}

int
port_settings_bound(const struct port_settings *settings, struct why *why, const char *key,
	uint64_t value, uint64_t min, uint64_t max)
{
	if (value >= min && value <= max)
		return 0;
	return port_settings_fault(
		settings, why, key, "%" PRIu64 " is not in %" PRIu64 "..%" PRIu64, value, min, max);
}

int
port_settings_text(const struct port_settings *settings, const void *values, char **text,
	size_t *size, struct why *why)
{
	cyaml_config_t how;
	cyaml_err_t error =
		cyaml_save_data(text, size, cyaml_how(&how, NULL), settings->schema, values, 0);

	return error == CYAML_OK
		       ? 0
		       : why_set(why, EIO, "%s: %s", settings->path, cyaml_strerror(error));
}

void
port_settings_free(struct port_settings *settings)
{
	cyaml_config_t how;

	if (!settings)
		return;
	cyaml_free(cyaml_how(&how, NULL), settings->schema, settings->values, 0);
	yaml_document_delete(&settings->document);
	free(settings->path);
	free(settings);
}
