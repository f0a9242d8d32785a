/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that read the configuration share: fields of its schema, and how faults are told.
 */
#ifndef MANGROVED_CONFIG_PRIV_H
#define MANGROVED_CONFIG_PRIV_H

#include "config.h"

enum { CONFIG_TEXT_MAX = 1024 };

#define TEXT(key, type, member)                                                                    \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CONFIG_TEXT_MAX)
#define OPTIONAL_TEXT(key, type, member)                                                           \
	CYAML_FIELD_STRING_PTR(                                                                    \
		key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, CONFIG_TEXT_MAX)
#define TEXT_OR_NONE(key, type, member)                                                            \
	CYAML_FIELD_STRING_PTR(                                                                    \
		key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, CONFIG_TEXT_MAX)
#define OPTIONAL_NUMBER(key, type, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, type, member)
#define OPTIONAL_ENUM(key, type, member, words)                                                    \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, type, member, words,        \
		CYAML_ARRAY_LEN(words))
#define OPTIONAL_LIST(key, type, member, entry, max)                                               \
	CYAML_FIELD_SEQUENCE(                                                                      \
		key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, entry, 0, max)

/* Say what is wrong with config->`key`, whose text is one printf format with its arguments. */
#define FAULT(config, why, key, ...) port_settings_fault((config)->settings, why, key, __VA_ARGS__)

struct config_key {
	char text[96];
};

__attribute__((format(printf, 1, 2))) struct config_key config_key_of(const char *format, ...);

/** A number that may be left out, where 0 means that. */
struct config_number {
	const char *key;
	unsigned int *value, preset, min, max;
};

int config_numbers_check(const struct config *config, const struct config_number *numbers,
	size_t count, struct why *why);

extern const cyaml_schema_value_t config_text_entry;
extern const cyaml_strval_t config_switches[2];

/* config_zones.c */
extern const cyaml_schema_value_t config_zone_entry, config_primary_entry;
int config_zones_check(struct config *config, struct why *why);

/* config_duties.c: what the node is to others, and who looks after it */
extern const cyaml_schema_field_t config_transfer_fields[], config_control_fields[],
	config_fetch_fields[], config_health_fields[], config_announce_fields[];
int config_duties_check(struct config *config, struct why *why);

/* config_capture.c */
extern const cyaml_schema_field_t config_capture_fields[];
int config_capture_check(struct config *config, struct why *why);

/* config_statistics.c */
#define CONFIG_HTTP_ADDRESS "127.0.0.1"
extern const cyaml_schema_field_t config_statistics_fields[];
int config_statistics_check(struct config *config, struct why *why);

/* config_observe.c */
extern const cyaml_schema_field_t config_observe_fields[], config_rssac047_fields[];
int config_observe_check(struct config *config, struct why *why);

/* config_limits.c */
extern const cyaml_schema_field_t config_limits_fields[];
int config_limits_check(struct config *config, struct why *why);

/** The name of a TSIG key, if it is not NULL. */
int config_key_check(
	const struct config *config, const char *key, const char *name, struct why *why);

/** "192.0.2.1" or "2001:db8::1" and a port. @return false: not an address */
bool config_address_parse(const char *text, unsigned int port, struct sockaddr_storage *address);

/** "192.0.2.0/24" or "2001:db8::/32". @return false: not one */
bool config_prefix_parse(const char *text, struct exception_address *address);

#endif
