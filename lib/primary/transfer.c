/* SPDX-License-Identifier: BSD-3-Clause */
/* A transfer from its beginning to its end, a message at a time. */
#include <string.h>
#include <time.h>

#include "primary/primary_priv.h"

/* a name of the longest algorithm, "hmac-sha256", type to RDLENGTH, times to other length */
enum { SIGNATURE_FIXED_SIZE = 13 + 10 + 16 + TSIG_MAC_MAX };

size_t
primary_signature_size(const struct tsig_session *session)
{
	return session->key ? session->key->name.length + (size_t)SIGNATURE_FIXED_SIZE : 0;
}

bool
primary_transfer_is_limited(const struct primary *primary, const struct primary_source *source)
{
	const struct primary_limits *limits = &primary->settings->limits;
	const struct primary_transfer *t;
	unsigned int near = 0;

	TAILQ_FOREACH(t, &primary->transfers, of_all)
	near += primary_source_is_near(&t->source, source);
	return primary->transfer_count >= limits->transfers || near >= limits->transfers_per_prefix;
}

/* What stands in the request, and must outlive it. */
static void
request_keep(struct primary_transfer *t, const struct primary_request *request)
{
	memcpy(t->head, request->message, WIRE_HEADER_SIZE + request->x.query.question_length);
	t->query = request->x.query;
	t->query.rcode = WIRE_RCODE_NOERROR;
	t->query.ede = WIRE_EDE_NONE;
	t->query.cookie = NULL;
	t->options = request->x.options;
	if (t->options.nsid_length)
		memcpy(t->nsid, t->options.nsid, t->options.nsid_length);
	t->options.nsid = t->nsid;
	t->source = request->source;
}

struct primary_transfer *
primary_transfer_new(struct primary_request *request, const struct primary_zone *zone,
	const char *kind, struct primary_contents *contents)
{
	struct primary *primary = request->primary;
	const struct primary_limits *limits = &primary->settings->limits;
	struct primary_transfer *t = calloc(1, sizeof(*t));

	if (!t) {
		primary_contents_drop(contents);
		return NULL;
	}
	t->primary = primary;
	t->contents = *contents;
	contents->count = 0;
	t->origin = zone->origin;
	t->serial = zone->serial;
	t->kind = kind;
	request_keep(t, request);
	t->session = request->session;
	memset(&request->session, 0, sizeof(request->session));
	t->began_ms = uv_now(primary->settings->loop);
	primary_pace_init(&t->pace, limits->octets_per_second_per_transfer, t->began_ms);
	primary->transfer_count++;
	TAILQ_INSERT_TAIL(&primary->transfers, t, of_all);
	return t;
}

/* RFC 5936 2.2: AA, and the question in the first message only. */
static void
message_begin(struct primary_transfer *t, struct wire_writer *w)
{
	uint16_t question_length = t->query.question_length;

	if (t->messages > 0)
		t->query.question_length = 0;
	wire_reply_begin(w, &t->query, t->head);
	w->message[2] |= WIRE_FLAG1_AA;
	primary_names_begin(&t->primary->names, &t->query);
	t->query.question_length = question_length;
}

size_t
primary_transfer_next(struct primary_transfer *t, uint8_t *message, size_t size)
{
	size_t free_for_all = size - primary_signature_size(&t->session), length;
	bool has_opt = t->messages == 0; /* RFC 5936 2.2.5: in the first one */
	struct wire_writer w = wire_writer_of(message, free_for_all);
	unsigned int count;

	if (has_opt)
		w.size -= wire_opt_size(&t->query, &t->options);
	message_begin(t, &w);
	count = primary_pack(
		&t->contents, &t->place, &t->primary->names, PRIMARY_TRANSFER_SIZE, &w);
	if (count == 0)
		return 0;
	wire_u16_patch(message + 6, (uint16_t)count);
	w.size = free_for_all;
	if (has_opt)
		wire_opt_write(&w, &t->query, &t->options);
	length = w.offset;
	if (t->session.key &&
		tsig_sign(&t->session, (uint64_t)time(NULL), message, &length, size) < 0)
		return 0;
	t->messages++;
	t->octets += length;
	counter_add(&t->primary->counts[PRIMARY_TRANSFER_OCTETS], length);
	primary_pace_take(&t->pace, length);
	primary_pace_take(&t->primary->pace, length);
	return length;
}

static void
waiting_leave(struct primary_transfer *t)
{
	if (t->waits)
		TAILQ_REMOVE(&t->primary->waiting, t, of_waiting);
	t->waits = false;
}

/* Each that waits may try, in the order in which they came to wait. */
static void
waiting_try(uv_timer_t *timer)
{
	struct primary *primary = timer->data;
	unsigned int count = primary->transfer_count;
	struct primary_transfer *t;

	while (count-- > 0 && (t = TAILQ_FIRST(&primary->waiting))) {
		waiting_leave(t);
		primary_connection_continue(t->connection);
	}
	if (TAILQ_EMPTY(&primary->waiting))
		uv_timer_stop(&primary->paced);
}

bool
primary_transfer_may(struct primary_transfer *t)
{
	struct primary *primary = t->primary;
	uint64_t now_ms = uv_now(primary->settings->loop);

	if (primary_pace_may(&t->pace, now_ms) && primary_pace_may(&primary->pace, now_ms))
		return true;
	t->waits = true;
	TAILQ_INSERT_TAIL(&primary->waiting, t, of_waiting);
	if (!uv_is_active((uv_handle_t *)&primary->paced))
		uv_timer_start(&primary->paced, waiting_try, PRIMARY_PACE_MS, PRIMARY_PACE_MS);
	return false;
}

void
primary_transfer_end(struct primary_transfer *t, const char *why)
{
	struct primary *primary = t->primary;
	char origin[WIRE_NAME_TEXT_MAX], to[PRIMARY_SOURCE_TEXT_MAX];

	primary_counted(primary, why ? PRIMARY_TRANSFER_ABORTED : PRIMARY_TRANSFER_DONE);
	primary_tell(primary, why != NULL,
		"%s zone=%s to=%s kind=%s serial=%u messages=%u octets=%llu ms=%llu%s%s",
		why ? "transfer aborted" : "transfer done", wire_name_to_text(&t->origin, origin),
		primary_source_text(&t->source, to), t->kind, t->serial, t->messages,
		(unsigned long long)t->octets,
		(unsigned long long)(uv_now(primary->settings->loop) - t->began_ms),
		why ? " why=" : "", why ? why : "");
	waiting_leave(t);
	TAILQ_REMOVE(&primary->transfers, t, of_all);
	primary->transfer_count--;
	primary_contents_drop(&t->contents);
	tsig_session_end(&t->session);
	free(t);
}
