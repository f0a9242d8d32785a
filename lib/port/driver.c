/* SPDX-License-Identifier: BSD-3-Clause */
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/port.h"

static const cyaml_strval_t checksums[] = {
	{"nic", PORT_CHECKSUM_NIC},
	{"software", PORT_CHECKSUM_SOFTWARE},
	{"trusted", PORT_CHECKSUM_TRUSTED},
};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("driver", CYAML_FLAG_POINTER, struct port_driver, driver, 1, 64),
	CYAML_FIELD_UINT("rx_descriptors", CYAML_FLAG_DEFAULT, struct port_driver, rx_descriptors),
	CYAML_FIELD_UINT("tx_descriptors", CYAML_FLAG_DEFAULT, struct port_driver, tx_descriptors),
	CYAML_FIELD_UINT("mbufs", CYAML_FLAG_DEFAULT, struct port_driver, mbufs),
	CYAML_FIELD_ENUM("checksum", CYAML_FLAG_STRICT, struct port_driver, checksum, checksums,
		CYAML_ARRAY_LEN(checksums)),
	CYAML_FIELD_BOOL("offload", CYAML_FLAG_DEFAULT, struct port_driver, offload),
	CYAML_FIELD_BOOL("xdp", CYAML_FLAG_OPTIONAL, struct port_driver, xdp),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct port_driver, fields)};

/* libcyaml tells place and key in several lines; the first two matter. */
static void
complaint_keep(cyaml_log_t level, void *context, const char *format, va_list args)
{
	char line[256];
	struct why *why = context;

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (strlen(why->text) + strlen(line) + 3 < sizeof(why->text)) {
		if (why->text[0])
			strcat(why->text, "; ");
		strcat(why->text, strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
	}
}

int
port_driver_read(
	const char *directory, const char *name, struct port_driver **driver, struct why *why)
{
	struct why complaints = {.text = ""};
	const cyaml_config_t config = {
		.log_fn = complaint_keep,
		.log_ctx = &complaints,
		.log_level = CYAML_LOG_WARNING,
		.mem_fn = cyaml_mem,
	};
	struct port_driver *read = NULL;
	char path[512];
	cyaml_err_t error;

	snprintf(path, sizeof(path), "%s/%s.yaml", directory, name);
	if (access(path, R_OK) < 0)
		return why_errno(why, "%s", path);
	error = cyaml_load_file(path, &config, &schema, (cyaml_data_t **)&read, NULL);
	if (error != CYAML_OK)
		return why_set(why, EINVAL, "%s: %s", path,
			complaints.text[0] ? complaints.text : cyaml_strerror(error));
	if (strcmp(read->driver, name) != 0 || read->rx_descriptors < 64 ||
		read->tx_descriptors < 64 || read->mbufs < 1024) {
		port_driver_free(read);
		return why_set(why, EINVAL,
			"%s: driver must be %s, descriptors at least 64, mbufs at least 1024", path,
			name);
	}
	*driver = read;
	return 0;
}

void
port_driver_free(struct port_driver *driver)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem};

	if (driver)
		cyaml_free(&config, &schema, driver, 0);
}
