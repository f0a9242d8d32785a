/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/port.h"
#include "port/settings.h"

static const cyaml_strval_t checksums[] = {
	{"nic", PORT_CHECKSUM_NIC},
	{"software", PORT_CHECKSUM_SOFTWARE},
	{"trusted", PORT_CHECKSUM_TRUSTED},
};

static const cyaml_strval_t offloads[] = {
	{"rx_ipv4_checksum", PORT_OFFLOAD_RX_IPV4_CHECKSUM},
	{"rx_udp_checksum", PORT_OFFLOAD_RX_UDP_CHECKSUM},
	{"tx_checksums", PORT_OFFLOAD_TX_CHECKSUMS},
	{"tx_fast_free", PORT_OFFLOAD_TX_FAST_FREE},
};

static const cyaml_strval_t hashes[] = {
	{"ipv4", PORT_RSS_IPV4},
	{"ipv4_udp", PORT_RSS_IPV4_UDP},
	{"ipv6", PORT_RSS_IPV6},
	{"ipv6_udp", PORT_RSS_IPV6_UDP},
};

static const cyaml_strval_t controls[] = {
	{"none", PORT_CONTROL_NONE},
	{"xdp", PORT_CONTROL_XDP},
	{"flow", PORT_CONTROL_FLOW},
	{"isolate", PORT_CONTROL_ISOLATE},
};

#define NUMBER(member) CYAML_FIELD_UINT(#member, CYAML_FLAG_DEFAULT, struct port_driver, member)

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("driver", CYAML_FLAG_POINTER, struct port_driver, driver, 1, 63),
	NUMBER(queues_max),
	NUMBER(rx_descriptors),
	NUMBER(tx_descriptors),
	NUMBER(mbufs),
	NUMBER(burst),
	CYAML_FIELD_ENUM("checksum", CYAML_FLAG_STRICT, struct port_driver, checksum, checksums,
		CYAML_ARRAY_LEN(checksums)),
	CYAML_FIELD_FLAGS("offloads", CYAML_FLAG_STRICT, struct port_driver, offloads, offloads,
		CYAML_ARRAY_LEN(offloads)),
	CYAML_FIELD_FLAGS(
		"rss", CYAML_FLAG_STRICT, struct port_driver, rss, hashes, CYAML_ARRAY_LEN(hashes)),
	CYAML_FIELD_BOOL("promiscuous", CYAML_FLAG_DEFAULT, struct port_driver, promiscuous),
	CYAML_FIELD_ENUM("control", CYAML_FLAG_STRICT, struct port_driver, control, controls,
		CYAML_ARRAY_LEN(controls)),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct port_driver, fields)};

static int
driver_check(const struct port_settings *settings, const struct port_driver *driver,
	const char *name, struct why *why)
{
	const struct {
		const char *key;
		uint32_t value, min, max;
	} bounds[] = {
		{"queues_max", driver->queues_max, 1, PORT_QUEUES_MAX},
		{"rx_descriptors", driver->rx_descriptors, 64, 32768},
		{"tx_descriptors", driver->tx_descriptors, 64, 32768},
		{"mbufs", driver->mbufs, 1024, 1 << 20},
		{"burst", driver->burst, 1, PORT_BURST_MAX},
	};

	if (strcmp(driver->driver, name) != 0)
		return port_settings_fault(settings, why, "driver",
			"\"%s\", but the file was chosen for %s", driver->driver, name);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (port_settings_bound(settings, why, bounds[i].key, bounds[i].value,
			    bounds[i].min, bounds[i].max) < 0)
			return -EINVAL;
	return 0;
}

int
port_driver_read(
	const char *directory, const char *name, struct port_driver **driver, struct why *why)
{
	const char *file = strncmp(name, "net_", 4) == 0 ? name + 4 : name;
	/* DPDK calls a PCI device's driver of ConnectX mlx5_pci */
	int length = (int)(strlen(file) - (strcmp(file, "mlx5_pci") == 0 ? strlen("_pci") : 0));
	struct port_settings *settings;
	struct port_driver *read;
	char path[512];
	int rc;

	if (snprintf(path, sizeof(path), "%s/%.*s.yaml", directory, length, file) >=
		(int)sizeof(path))
		return why_set(why, ENAMETOOLONG, "%s: too long a name", directory);
	rc = port_settings_read(path, &schema, &settings, why);
	if (rc < 0)
		return rc;
	read = port_settings_values(settings);
	rc = driver_check(settings, read, name, why);
	if (rc < 0) {
		port_settings_free(settings);
		return rc;
	}
	read->settings = settings;
	*driver = read;
	return 0;
}

void
port_driver_free(struct port_driver *driver)
{
	if (driver)
		port_settings_free(driver->settings);
}

bool
port_device_driver(const char *device, char name[static PORT_DRIVER_NAME_MAX])
{
	size_t length = strcspn(device, ",");

	while (length && device[length - 1] >= '0' && device[length - 1] <= '9')
		length--;
	if (strncmp(device, "net_", 4) != 0 || length >= PORT_DRIVER_NAME_MAX)
		return false;
	memcpy(name, device, length);
	name[length] = '\0';
	return true;
}

bool
port_device_argument(const char *device, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	while ((device = strchr(device, ','))) {
		device++;
		if (strncmp(device, key, length) == 0 && device[length] == '=') {
			snprintf(value, size, "%.*s", (int)strcspn(device + length + 1, ","),
				device + length + 1);
			return true;
		}
	}
	return false;
}
