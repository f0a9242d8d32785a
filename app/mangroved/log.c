/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* where in our files a line was made is of no use in a journal */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/base.h"
#include "control/control.h"

int log_main, log_zone, log_port;

enum { LINE_MAX_SIZE = 8192 };

/* Written to by any thread, but only one at a time: rte_log() goes through one stdio stream. */
static struct {
	int fd;
	bool journal;
	atomic_bool starting;
	char complaint[256];
	pthread_mutex_t lock; /* of what follows */
	struct event_log *events;
	char text[LINE_MAX_SIZE];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

/* systemd.exec(5): whether standard error is the journal still, and no file that took its place */
static bool
journal_listens(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return text && sscanf(text, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
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
	state.events = event_log_new();
	if (!stream || !state.events || log_main < 0 || log_zone < 0 || log_port < 0 ||
		rte_openlog_stream(stream) < 0)
		return why_set(why, ENOMEM, "no log");
	setvbuf(stream, NULL, _IOFBF, LINE_MAX_SIZE);
	state.fd = fd < 0 ? STDERR_FILENO : fd;
	state.journal = journal_listens();
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

/* ---- events ---- */

/* DPDK counts levels from 1, syslog from 0 */
static uint32_t
dpdk_level(enum event_level level)
{
	return (uint32_t)level + 1;
}

/* @return whether the journal has taken it */
static bool
journal_write(enum event event)
{
	const struct event_kind *kind = &event_kinds[event];
	char id[EVENT_ID_SIZE];

	event_id(event, id);
	return sd_journal_send("MESSAGE=%s", state.text, "PRIORITY=%d", (int)kind->level,
		       "MESSAGE_ID=%s", id, "MANGROVE_EVENT=%s", kind->name, NULL) == 0;
}

static void
event_write(enum event event)
{
	const struct event_kind *kind = &event_kinds[event];
	const int types[EVENT_ROOMS] = {log_main, log_zone, log_port};
	uint32_t type = (uint32_t)types[kind->room], level = dpdk_level(kind->level);

	if (state.journal && rte_log_can_log(type, level) && journal_write(event))
		return;
	rte_log(level, type, "mangrove: %s event=%s\n", state.text, kind->name);
}

/* A line is one line, whatever is quoted in it. */
static void
text_make(const char *format, va_list args)
{
	vsnprintf(state.text, sizeof(state.text), format, args);
	for (char *c = state.text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

static void
event_happened(enum event event, const char *format, va_list args)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	text_make(format, args);
	if (event_log_note(state.events, event, now.tv_sec * 1000 + now.tv_nsec / 1000000,
		    clock_ms(), state.text))
		event_write(event);
}

void
log_event(enum event event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pthread_mutex_lock(&state.lock);
	event_happened(event, format, args);
	pthread_mutex_unlock(&state.lock);
	va_end(args);
}

void
log_turn(void)
{
	enum event event;
	uint64_t count;

	for (;;) {
		pthread_mutex_lock(&state.lock);
		count = event_log_left_out(state.events, clock_ms(), &event);
		pthread_mutex_unlock(&state.lock);
		if (!count)
			return;
		log_event(EVENT_REPEATED, "%" PRIu64 " more of repeated=%s in %d s", count,
			event_kinds[event].name, EVENT_WINDOW_MS / 1000);
	}
}

static void
note_tell(void *context, const struct event_note *note)
{
	const struct event_kind *kind = &event_kinds[note->event];
	json_t *text = control_text(note->text);

	json_array_append_new(context,
		json_pack("{s:I, s:I, s:s, s:s, s:o}", "at", (json_int_t)(note->at_ms / 1000),
			"milliseconds", (json_int_t)(note->at_ms % 1000), "event", kind->name,
			"level", event_level_name(kind->level), "text", text ? text : json_null()));
}

json_t *
log_events_json(void)
{
	json_t *all = json_array();
	int rc;

	pthread_mutex_lock(&state.lock);
	rc = event_log_tell(state.events, note_tell, all);
	pthread_mutex_unlock(&state.lock);
	if (rc == 0)
		return all;
	json_decref(all);
	return NULL;
}
