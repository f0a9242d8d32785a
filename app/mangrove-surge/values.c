/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of options; each is told by its option when it is wrong. */
#include "values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int
value_fault(struct why *why, const char *option, const char *text, const char *wanted)
{
	return why_set(why, EINVAL, "--%s %.100s: it takes %s", option, text, wanted);
}

static bool
decimal_read(const char *text, double *value, const char **end)
{
	char *stop;

	*value = strtod(text, &stop);
	*end = stop;
	/* neither inf nor nan, whose letters come first */
	return stop != text && (text[0] == '.' || (text[0] >= '0' && text[0] <= '9'));
}

int
value_count(struct why *why, const char *option, const char *text, uint64_t least, uint64_t most,
	uint64_t *count)
{
	unsigned long long value;
	char *end, wanted[80];

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && value >= least &&
		value <= most) {
		*count = value;
		return 0;
	}
	snprintf(wanted, sizeof(wanted), "a number from %llu to %llu", (unsigned long long)least,
		(unsigned long long)most);
	return value_fault(why, option, text, wanted);
}

int
value_small(struct why *why, const char *option, const char *text, unsigned int least,
	unsigned int most, unsigned int *count)
{
	uint64_t value = 0;
	int rc = value_count(why, option, text, least, most, &value);

	if (rc == 0)
		*count = (unsigned int)value;
	return rc;
}

int
value_per_cent(struct why *why, const char *option, const char *text, double *share)
{
	const char *end;
	double value;

	if (!decimal_read(text, &value, &end) || *end || value > 100)
		return value_fault(why, option, text, "0 to 100 per cent");
	*share = value;
	return 0;
}

/* "500k", "8.5M" */
static bool
rate_parse(const char *text, char stop, double *rate, const char **end)
{
	if (!decimal_read(text, rate, end))
		return false;
	if (**end == 'k' || **end == 'M') {
		*rate *= **end == 'k' ? 1e3 : 1e6;
		(*end)++;
	}
	return **end == stop && *rate >= 1 && *rate <= 1e9;
}

int
value_rate(struct why *why, const char *option, const char *text, double *rate)
{
	const char *end;
	double value;

	if (!rate_parse(text, '\0', &value, &end))
		return value_fault(why, option, text, "1 to 1000M queries a second");
	*rate = value;
	return 0;
}

int
value_ramp(struct why *why, const char *option, const char *text, struct options *o)
{
	const char *at = text;

	if (!rate_parse(at, ':', &o->ramp_from, &at) ||
		!rate_parse(at + 1, ':', &o->ramp_to, &at) ||
		!rate_parse(at + 1, '\0', &o->ramp_step, &at) || o->ramp_to < o->ramp_from)
		return value_fault(why, option, text, "FROM:TO:STEP, as 1M:8M:500k");
	o->mode = MODE_RAMP;
	return 0;
}

int
value_seconds(struct why *why, const char *option, const char *text, double *seconds)
{
	static const struct {
		char unit;
		double factor;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const char *end;
	double value;

	if (decimal_read(text, &value, &end) && (*end == '\0' || end[1] == '\0'))
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (units[i].unit == *end && value * units[i].factor >= 1e-3 &&
				value * units[i].factor <= 366 * 86400.0) {
				*seconds = value * units[i].factor;
				return 0;
			}
	return value_fault(why, option, text, "a time, as 10, 90m, 72h or 7d");
}

int
value_cpus(struct why *why, const char *option, const char *text, struct options *o)
{
	const char *at = text;

	o->cpu_count = 0;
	do {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (end == at || *at == '-')
			break;
		if (*end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
			if (end == at)
				break;
		}
		for (; first <= last && last < 1024 && o->cpu_count < CPUS_MAX; first++)
			o->cpus[o->cpu_count++] = (unsigned int)first;
		if (first <= last)
			break;
		if (*end == '\0')
			return 0;
		at = end + 1;
		if (*end != ',')
			break;
	} while (true);
	return value_fault(why, option, text, "CPUs, as 1,2 or 1-4");
}

int
value_mac(struct why *why, const char *option, const char *text, uint8_t mac[static 6])
{
	unsigned int octets[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &octets[0], &octets[1], &octets[2],
		    &octets[3], &octets[4], &octets[5], &end) != 6 ||
		text[end] != '\0')
		return value_fault(why, option, text, "an address as 02:00:00:00:00:53");
	for (unsigned int i = 0; i < 6; i++)
		mac[i] = (uint8_t)octets[i];
	return 0;
}

int
value_server(struct why *why, const char *option, const char *text, struct packet_service *service)
{
	bool ipv6 = strcmp(option, "server6") == 0, none = strcmp(text, "no") == 0;

	if (!none && inet_pton(ipv6 ? AF_INET6 : AF_INET, text,
			     ipv6 ? service->ipv6[0] : service->ipv4[0]) != 1)
		return value_fault(why, option, text, "an address of that family, or no");
	*(ipv6 ? &service->ipv6_count : &service->ipv4_count) = !none;
	return 0;
}

int
value_prefix(struct why *why, const char *option, const char *text, struct workload_prefix *prefix)
{
	bool ipv6 = option[strlen(option) - 1] == '6';
	char address[INET6_ADDRSTRLEN] = "";
	const char *slash = strchr(text, '/');
	unsigned long bits = ipv6 ? 128 : 32, most = bits;
	char *end = NULL;
	size_t length = slash ? (size_t)(slash - text) : strlen(text);

	if (length >= sizeof(address))
		return value_fault(why, option, text, "a prefix of that family");
	if (slash)
		bits = strtoul(slash + 1, &end, 10);
	snprintf(address, sizeof(address), "%.*s", (int)length, text);
	if ((slash && (end == slash + 1 || *end)) || bits > most ||
		inet_pton(ipv6 ? AF_INET6 : AF_INET, address, prefix->address) != 1)
		return value_fault(why, option, text, "a prefix of that family");
	prefix->bits = (unsigned int)bits;
	return 0;
}

int
value_time(struct why *why, const char *option, const char *text, time_t *at)
{
	return zone_time_from_text(at, text)
		       ? 0
		       : value_fault(why, option, text, "YYYYMMDDhhmmss (UTC)");
}

int
value_verify(
	struct why *why, const char *option, const char *text, enum surge_strictness *strictness)
{
	if (strcmp(text, "octets") != 0 && strcmp(text, "header") != 0)
		return value_fault(why, option, text, "octets or header");
	*strictness = text[0] == 'o' ? SURGE_OCTETS : SURGE_HEADER;
	return 0;
}

int
value_append(struct why *why, const char *option, const char *text, const char **list,
	unsigned int *count, unsigned int most)
{
	if (*count == most)
		return value_fault(why, option, text, "no more of them");
	list[(*count)++] = text;
	return 0;
}
