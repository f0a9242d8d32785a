/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: capture. */
#include <string.h>

#include "config_priv.h"

static const cyaml_strval_t compressions[] = {
	{"zstd", CAPTURE_ZSTD}, {"xz", CAPTURE_XZ}, {"none", CAPTURE_PLAIN}};
static const cyaml_strval_t clients[] = {
	{"addresses", CONFIG_CLIENTS_ADDRESSES}, {"pseudonyms", CONFIG_CLIENTS_PSEUDONYMS}};

const cyaml_schema_field_t config_capture_fields[] = {
	TEXT("directory", struct config_capture, directory),
	OPTIONAL_NUMBER("sample_one_in", struct config_capture, one_in),
	OPTIONAL_NUMBER("rotate_seconds", struct config_capture, rotate_seconds),
	OPTIONAL_NUMBER("rotate_mib", struct config_capture, rotate_mib),
	OPTIONAL_ENUM("compression", struct config_capture, compression, compressions),
	OPTIONAL_ENUM("clients", struct config_capture, clients, clients),
	OPTIONAL_TEXT("pseudonym_key", struct config_capture, pseudonym_key),
	OPTIONAL_NUMBER("ipv4_prefix", struct config_capture, ipv4_prefix),
	OPTIONAL_NUMBER("ipv6_prefix", struct config_capture, ipv6_prefix),
	OPTIONAL_NUMBER("ring_kib", struct config_capture, ring_kib),
	CYAML_FIELD_END,
};

int
config_capture_check(struct config *config, struct why *why)
{
	struct config_capture *capture = config->capture;

	if (!capture)
		return 0;
	if (capture->pseudonym_key && capture->clients != CONFIG_CLIENTS_PSEUDONYMS)
		return FAULT(config, why, "capture.pseudonym_key", "clients are not pseudonyms");

	const struct config_number numbers[] = {
		{"capture.sample_one_in", &capture->one_in, 1, 1, 1 << 30},
		{"capture.rotate_seconds", &capture->rotate_seconds, 300, 1, 86400},
		{"capture.rotate_mib", &capture->rotate_mib, 256, 1, 1 << 20},
		{"capture.ipv4_prefix", &capture->ipv4_prefix, 32, 1, 32},
		{"capture.ipv6_prefix", &capture->ipv6_prefix, 128, 1, 128},
		{"capture.ring_kib", &capture->ring_kib, 8192, 4, 1 << 20},
	};

	return config_numbers_check(config, numbers, sizeof(numbers) / sizeof(numbers[0]), why);
}
