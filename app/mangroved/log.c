/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

int log_main, log_zone, log_port;

enum { LINE_MAX_SIZE = 8192 };

/* Written to by any thread, but only one at a time: rte_log() goes through one stdio stream. */
static struct {
	int fd;
	bool journal;
	atomic_bool starting;
	char complaint[256];
} state;

static bool
is_ours(uint32_t type)
{
	return (int)type == log_main || (int)type == log_zone || (int)type == log_port;
}

static void
complaint_keep(const char *text, size_t length)
{
	while (length && (text[length - 1] == '\n' || text[length - 1] == ' '))
		length--;
	snprintf(state.complaint, sizeof(state.complaint), "%.*s", (int)length, text);
}

static ssize_t
line_write(void *cookie, const char *text, size_t length)
{
	char line[LINE_MAX_SIZE];
	int level = rte_log_cur_msg_loglevel(), used;

	(void)cookie;
	if (atomic_load_explicit(&state.starting, memory_order_relaxed) &&
		level > (int)RTE_LOG_CRIT && !is_ours((uint32_t)rte_log_cur_msg_logtype())) {
		if (level <= (int)RTE_LOG_ERR && !state.complaint[0])
			complaint_keep(text, length);
		return (ssize_t)length;
	}
	/* sd-daemon(3): "<3>" in front of an error; DPDK counts from 1 where syslog counts from 0
	 */
	used = state.journal && level > 0
		       ? snprintf(line, sizeof(line), "<%d>%.*s", level - 1, (int)length, text)
		       : snprintf(line, sizeof(line), "%.*s", (int)length, text);
	if (used >= (int)sizeof(line))
		used = sizeof(line) - 1;
	/* a log that cannot be written is no reason to stop answering */
	(void)!file_write_all(state.fd, line, (size_t)used);
	return (ssize_t)length;
}

static int
type_register(const char *name, unsigned int level)
{
	int type = rte_log_register(name);

	if (type >= 0)
		rte_log_set_level((uint32_t)type, level);
	return type;
}

int
log_open(unsigned int level, struct why *why)
{
	/* its own: standard error is silenced while EAL starts */
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = line_write});

	log_main = type_register("mangrove.main", level);
	log_zone = type_register("mangrove.zone", level);
	log_port = type_register("mangrove.port", level);
	if (!stream || log_main < 0 || log_zone < 0 || log_port < 0 ||
		rte_openlog_stream(stream) < 0)
		return why_set(why, ENOMEM, "no log");
	setvbuf(stream, NULL, _IOFBF, LINE_MAX_SIZE);
	state.fd = fd < 0 ? STDERR_FILENO : fd;
	state.journal = getenv("JOURNAL_STREAM") != NULL;
	atomic_store_explicit(&state.starting, level < RTE_LOG_DEBUG, memory_order_relaxed);
	return 0;
}

void
log_started(void)
{
	atomic_store_explicit(&state.starting, false, memory_order_relaxed);
}

void
log_quote(struct why *why)
{
	size_t used = strlen(why->text);

	if (state.complaint[0])
		snprintf(why->text + used, sizeof(why->text) - used, " (%s)", state.complaint);
}
