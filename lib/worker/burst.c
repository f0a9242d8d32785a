/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. A burst goes through three stages, each over all of its packets, so that what one
 * waits for (a header, keys, an answer) is on its way while others are worked on:
 *
 *   parse   checks frame and message, finds the last label of QNAME, starts fetching its keys
 *   locate  finds the TLD, or the one before the gap, and with it the number of the answer
 *   emit    copies the answer behind the question and turns the frame around
 *
 * A packet that is in any way unusual leaves the pipeline for worker_answer_one(). All variants of
 * this file, and that function, give the same octets.
 */
#include <assert.h>
#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "image/answer.h"
#include "image/sum.h"
#include "limit/judge.h"
#include "worker/burst.h"
#include "worker/burst_parse.h"
#include "worker/burst_turn.h"

#ifndef WORKER_VARIANT
#define WORKER_VARIANT plain
#endif
#define CONCATENATED(a, b) a##b
#define NAMED(prefix, variant) CONCATENATED(prefix, variant)

enum {
	/* Headers are fetched this many packets ahead: 96 fetches at once took 178 ns a packet
	 * where 6 ahead took 74, with cold header lines. */
	HEADER_AHEAD = 6,
	BODY_AHEAD = 2,
	BODY_LINES = 6, /* further lines follow by the CPU's own prefetcher */
};

/* The index entry of a label, and the key to look for among those it names (radix/radix.h). */
static inline void
index_read(const struct radix *radix, struct job *job)
{
	const uint32_t idn = 0x2d2d6e78; /* "xn--" */
	uint64_t first = job->label.words[0], second = job->label.words[1];
	bool is_idn = (uint32_t)first == idn;
	uint64_t from = is_idn ? first >> 32 | second << 32 : first;
	uint32_t half = is_idn ? 1 << 16 : 0;

	job->key = __builtin_bswap32((uint32_t)(from >> 16));
	job->entry = radix->entries[half + BE16((uint16_t)from)];
	rte_prefetch0(&radix->keys[(job->entry & UINT16_MAX) + 1]);
	rte_prefetch0(&radix->keys[(job->entry & UINT16_MAX) + RADIX_WIDE_KEYS]);
}

static inline bool
parse(const struct worker_view *view, const struct image *image, struct job *job)
{
	const struct rte_mbuf *mbuf = job->mbuf;
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	unsigned int room = mbuf->data_len - ETHER_SIZE;
	uint16_t ether_type = load16(frame + 12);
	struct datagram d;

	if ((mbuf->data_len < ETHER_SIZE + IPV4_SIZE + UDP_SIZE + SMALLEST_MESSAGE) |
		(mbuf->nb_segs != 1) | (mbuf->buf_len - mbuf->data_off < WORKER_FRAME_ROOM) |
		/* a group's address, as destination or source */
		((frame[0] | frame[6]) & 1))
		return false;
	if (ether_type == BE16(0x0800)) {
		if (!ipv4_read(view, frame + ETHER_SIZE, room, &d))
			return false;
	} else if (ether_type == BE16(0x86dd)) {
		if (!ipv6_read(view, frame + ETHER_SIZE, room, &d))
			return false;
	} else {
		return false;
	}
	job->ipv6 = d.addresses_size == 32;
	job->client = d.source;
	job->frame = frame;
	job->message = frame + (d.udp - frame) + UDP_SIZE;
	if (!udp_is_good(view, mbuf, &d) || !message_read(view, job, &d))
		return false;
	index_read(&image->radix, job);
	return true;
}

/* The TLD that a label is, or the last one before it. "found" is a value: as a branch it cost 9 ns.
 */
static inline uint32_t
tld_find(const struct radix *radix, const struct job *job, bool *found)
{
	uint32_t node = job->entry & UINT16_MAX, size = job->entry >> 16, differ, greater;
	bool is_before;

	if (unlikely(size == RADIX_WIDE_CROWDED)) {
		const uint8_t *octets = (const uint8_t *)job->label.words;
		uint8_t label[1 + WIRE_LABEL_MAX] = {job->label_length};

		/* no label of the index is longer, so what follows decides nothing */
		memcpy(label + 1, octets, RADIX_WIDE_LABEL);
		return radix_child_before(radix, 0, label, found);
	}
	node += keys_not_above(radix->keys + node + 1, size, job->key);
	do {
		unsigned int length = radix->wide_lengths[node];

		differ = label_differ(radix->wide_labels[node], &job->label, &greater);
		*found = (differ == 0) & (length == job->label_length);
		is_before = ((greater & differ & -differ) == 0) &
			    ((differ != 0) | (length <= job->label_length));
		/* labels that share six octets have one key */
		node -= !is_before;
	} while (unlikely(!is_before));
	return node;
}

/* Whether QNAME ends like a name. Letters' case, and other octets that differ in that bit alone, do
 * not count; a name that only seems to end so takes the long way, too. */
static inline bool
qname_ends_like(const struct job *job, const struct wire_name *name)
{
	const uint8_t *end = job->message + job->question_end - 4, *at = end - name->length;
	uint8_t differ = 0;

	if (at < job->message + WIRE_QUESTION_OFFSET)
		return false;
	for (unsigned int i = 0; i < name->length; i++)
		differ |= (uint8_t)(at[i] ^ name->octets[i]) & ~0x20;
	return differ == 0;
}

/* Leave to the engine what another zone than the root may have the answer to. */
static inline void
elsewhere_find(const struct image_catalogue *catalogue, struct job *jobs, uint16_t count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct job *job = &jobs[i];
		size_t node;

		if (!job->answer || job->label_length == 0)
			continue;
		node = job->node;
		for (unsigned int k = 0; k < catalogue->other_count; k++)
			if (unlikely(catalogue->others[k].node == node) &&
				qname_ends_like(job, catalogue->others[k].origin))
				job->answer = NULL;
	}
}

static inline void
locate(const struct image *image, struct job *job)
{
	uint32_t node;
	bool found, is_ds;

	if (unlikely(job->label_length == 0)) {
		job->node = 0;
		job->answer = image_type_find(image, 0, job->qtype, job->dnssec_ok);
		if (!job->answer)
			job->answer = image_slot(image, 0, IMAGE_SLOT_MAIN + job->dnssec_ok);
		rte_prefetch0(job->answer);
		return;
	}
	node = tld_find(&image->radix, job, &found);
	job->node = node;
	is_ds = (job->qtype == WIRE_TYPE_DS) & (job->shift == 0);
	job->answer = image_slot(image, node,
		found * (IMAGE_SLOT_MAIN + is_ds * (IMAGE_SLOT_DS - IMAGE_SLOT_MAIN)) +
			job->dnssec_ok);
	rte_prefetch0(job->answer);
}

static inline void
body_prefetch(const struct image *image, const struct job *job)
{
	const uint8_t *tail;

	if (!job->answer)
		return;
	tail = image->block + job->answer->tail;
	for (unsigned int i = 0; i < BODY_LINES; i++)
		rte_prefetch0(tail + IMAGE_LINE * i);
	/* in vain for most, but whether QNAME has other labels nobody could foresee */
	rte_prefetch0(image->block + job->answer->extra);
}

/* As much of an answer as is sent. */
struct shape {
	uint32_t length, pointer_count;
	uint16_t sum, weight, header_sum;
	uint8_t header[10];
	uint8_t verdict;
};

/* An answer that does not fit: less glue, or TC=1 with nothing behind the question. */
static __attribute__((noinline)) struct shape
shape_shorter(const struct image *image, const struct image_answer *answer, unsigned int room)
{
	const struct image_cut *cut = image_cut_find(image, answer, room);
	struct shape s = {.verdict = (uint8_t)(ENGINE_NXDOMAIN + answer->kind)};

	memcpy(s.header, answer->header, sizeof(s.header));
	if (cut) {
		s.length = cut->length;
		s.sum = cut->sum;
		s.weight = cut->weight;
		s.pointer_count = cut->pointer_count;
		store16(s.header + 8, BE16(cut->arcount));
	} else {
		s.header[0] |= WIRE_FLAG1_TC;
		memset(s.header + 4, 0, 6);
		s.verdict = ENGINE_TRUNCATED;
	}
	s.header_sum = image_sum(s.header, sizeof(s.header));
	return s;
}

static inline void
pointers_shift(
	uint8_t *body, const struct image_pointer *pointers, unsigned int count, unsigned int shift)
{
	for (unsigned int i = 0; i < count; i++)
		store16(body + pointers[i].offset, BE16((uint16_t)(pointers[i].value + shift)));
}

static inline void
offload_request(struct rte_mbuf *mbuf, const struct job *job)
{
	mbuf->ol_flags =
		RTE_MBUF_F_TX_UDP_CKSUM |
		(job->ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM);
	mbuf->l2_len = ETHER_SIZE;
	mbuf->l3_len = ip_size(job->ipv6);
}

/* The pseudo-header's sum alone: the NIC adds the rest. */
static inline uint16_t
pseudo_sum(const uint8_t *addresses, bool ipv6, unsigned int udp_length)
{
	return image_sum_fold(octets_sum(addresses, 2 * address_size(ipv6)) + BE16(UDP_PROTOCOL) +
			      BE16(udp_length));
}

/* OPT: root, type 41, 1232, no flag but DO, no options; and its sum by DO. */
static const uint64_t opt_octets[2] = {0xd004290000, 0x800000d004290000};
static const uint16_t opt_sums[2] = {0x04f9, 0x84f9};

/* Append a cookie to the OPT at `opt`. @return its part of the sum, as if OPT stood at an even
 * offset */
static inline uint64_t
cookie_write(uint8_t *opt, const struct job *job)
{
	/* RDLENGTH, code, length */
	uint8_t *at = opt + WIRE_OPT_SIZE - 2;
	uint64_t sum = BE16(COOKIE_OPTION_SIZE) + BE16(WIRE_OPTION_COOKIE) + BE16(WIRE_COOKIE_SIZE);

	store16(at, BE16(COOKIE_OPTION_SIZE));
	store32(at + 2, BE16(WIRE_OPTION_COOKIE) | (uint32_t)BE16(WIRE_COOKIE_SIZE) << 16);
	memcpy(at + 6, job->cookie, WIRE_COOKIE_SIZE);
	/* from where it came: what was just written could not be read before it is in the cache */
	for (unsigned int i = 0; i < WIRE_COOKIE_SIZE; i += 4)
		sum += load32(job->cookie + i);
	/* an odd offset from OPT */
	return image_sum_at(sum, WIRE_OPT_SIZE);
}

/* The query's line, as long as its header stands as it came; emit() adds what it finds out. */
static inline struct ledger_line *
line_begin(struct ledger_page *page, const struct job *job, uint8_t zone)
{
	struct ledger_line *line = &page->lines[page->count++];
	const uint8_t *udp = job->message - UDP_SIZE;

	line->query = line->reply = job->message;
	/* where the source was, the reply's destination will be */
	line->client = udp - address_size(job->ipv6);
	line->node = job->node;
	line->qtype = job->qtype;
	line->query_length = job->query_length;
	line->edns_size = job->edns_size;
	line->client_port = BE16(load16(udp));
	line->query_flags = BE16(load16(job->message + 2));
	line->key_tags = 0; /* one with an edns-key-tag is not here */
	line->zone = zone;
	line->edns_version = 0;
	line->qname_length = (uint8_t)(job->question_end - 4 - WIRE_QUESTION_OFFSET);
	line->flags = job->flags;
	return line;
}

static inline __attribute__((always_inline)) void
emit(const struct image *image, struct worker_counters *counters, struct job *job,
	struct ledger_line *line, const bool offload)
{
	const struct image_answer *answer = job->answer;
	uint8_t *message = job->message, *body = message + job->question_end;
	unsigned int length = (unsigned int)answer->head_length + answer->tail_length;
	unsigned int pointer_count = answer->pointer_count, message_length, udp_length, head;
	uint64_t body_sum = answer->body_sum, weight = answer->weight, sum = answer->header_sum;
	uint64_t header = load64(answer->header), opt_sum = 0;
	uint16_t arcount = load16(answer->header + 8), checksum;
	uint8_t verdict = (uint8_t)(ENGINE_NXDOMAIN + answer->kind);

	if (unlikely(length > job->room)) {
		struct shape s = shape_shorter(image, answer, job->room);

		length = s.length;
		pointer_count = s.pointer_count;
		body_sum = s.sum;
		weight = s.weight;
		sum = s.header_sum;
		header = load64(s.header);
		arcount = load16(s.header + 8);
		verdict = s.verdict;
	}
	head = length < answer->head_length ? length : answer->head_length;
	lines_copy(body, image->common, head);
	line_pairs_copy(body + head, image->block + answer->tail, length - head);
	if (pointer_count && job->shift)
		pointers_shift(body, image_pointers_of(image_extra_of(image, answer)),
			pointer_count, job->shift);
	/* behind the message's end if there was no OPT, where it does no harm */
	store64(body + length, opt_octets[job->dnssec_ok]);
	store32(body + length + 8, 0);
	message_length = job->question_end + length + job->opt_size;
	if (unlikely(job->has_cookie))
		opt_sum = cookie_write(body + length, job);
	udp_length = message_length + UDP_SIZE;
	if (job->edns) {
		opt_sum = image_sum_at(
			opt_sum + opt_sums[job->dnssec_ok], job->question_end + length);
		sum += BE16(1);
	}
	sum += image_sum_at(body_sum + weight * job->shift, job->question_end) + opt_sum + job->rd +
	       2 * BE16(udp_length) + job->sum;
	checksum = (uint16_t)~image_sum_fold(sum);
	if (offload)
		checksum = pseudo_sum(
			message - UDP_SIZE - 2 * address_size(job->ipv6), job->ipv6, udp_length);
	else if (checksum == 0)
		checksum = UINT16_MAX;
	frame_turn(job->frame, job->ipv6, udp_length, checksum, offload);
	store64(message + 2, header | job->rd);
	store16(message + 10, arcount + (job->edns ? BE16(1) : 0));
	counter_add(&counters->engine[verdict], 1);
	line->reply_length = (uint16_t)message_length;
	line->verdict = verdict;
	line->rcode = (uint8_t)(header >> 8) & WIRE_FLAG2_RCODE;
	line->flags |= header & WIRE_FLAG1_TC ? LEDGER_TC : 0;
	job->mbuf->data_len = (uint16_t)(ETHER_SIZE + ip_size(job->ipv6) + udp_length);
	job->mbuf->pkt_len = job->mbuf->data_len;
	job->mbuf->ol_flags = 0;
	if (offload)
		offload_request(job->mbuf, job);
}

/* What a job's answer is to limits. Field by field: a struct copied as a whole would wait for its
 * parts. */
static inline void
ask_fill(struct limit_ask *ask, const struct image *image, const struct job *job, uint8_t zone)
{
	const struct image_answer *answer = job->answer;
	unsigned int length = (unsigned int)answer->head_length + answer->tail_length;
	uint8_t class = (uint8_t)(LIMIT_NXDOMAIN + answer->kind);

	if (unlikely(length > job->room)) {
		const struct image_cut *cut = image_cut_find(image, answer, job->room);

		length = cut ? cut->length : 0;
		class = cut ? class : LIMIT_CUT;
	}
	/* the source, before the frame is turned around */
	ask->client = job->message - UDP_SIZE - 2 * address_size(job->ipv6);
	ask->node = job->node;
	ask->qtype = job->qtype;
	ask->reply_length = (uint16_t)(job->question_end + length + job->opt_size);
	ask->zone = zone;
	ask->class = class;
	ask->hash = job->client;
	ask->flags = job->flags;
}

/* The engine's answers are judged where they are made. */
static inline bool
is_piped(const struct job *job)
{
	/* a name at the first level that is no cut: the engine looks further */
	return likely(job->answer != NULL) && likely(!job->answer->marks || !job->label_length);
}

/* Limits' lines are on their way while names are looked up. */
static inline void
clients_prefetch(const struct worker_view *view, struct job *jobs, uint16_t count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct job *job = &jobs[i];

		if (likely(job->answer != NULL))
			job->client = limit_prefetch_word(view->limiter, view->answers->limits,
				job->ipv6, __builtin_bswap64(job->client));
	}
}

/* What limits make of an answer that is in any way unusual. */
static __attribute__((noinline)) enum ledger_action
answer_judge(const struct worker_view *view, const struct image *image, const struct job *job,
	uint8_t zone)
{
	struct limit_ask ask;

	ask_fill(&ask, image, job, zone);
	return limit_judge(view->limiter, view->answers->limits, &ask);
}

/* What limits make of each answer, before anything of it is copied. */
static __attribute__((noinline)) void
answers_judge(const struct worker_view *view, const struct image *image, struct job *jobs,
	uint16_t count, uint8_t *actions)
{
	const struct limit_rules *rules = view->answers->limits;
	struct limiter *limiter = view->limiter;
	uint8_t zone = (uint8_t)view->answers->catalogue.root_index;
	bool calm = limiter->calm;
	int64_t spent = 0;

	for (unsigned int i = 0; i < count; i++) {
		const struct job *job = &jobs[i];
		const struct image_answer *answer = job->answer;
		unsigned int length;
		uint8_t class;

		if (unlikely(!is_piped(job)))
			continue;
		length = (unsigned int)answer->head_length + answer->tail_length;
		class = (uint8_t)(LIMIT_NXDOMAIN + answer->kind);
		if (likely(calm & (length <= job->room) & !(job->flags & LEDGER_COOKIE_VALID))) {
			length += job->question_end + job->opt_size;
			if (likely(limit_passes(limiter, rules, job->client, class,
				    limit_what_key(job->node, zone, class, job->qtype), length))) {
				spent += length;
				continue;
			}
		}
		actions[i] = (uint8_t)answer_judge(view, image, job, zone);
	}
	limiter->spent += spent;
}

/* A query whose reply does not go out. */
static __attribute__((noinline)) void
held_back(struct worker_counters *counters, const struct image *image, struct ledger_page *page,
	const struct job *job, uint8_t zone, uint8_t action)
{
	struct ledger_line *line = line_begin(page, job, zone);
	struct limit_ask ask;

	ask_fill(&ask, image, job, zone);
	line->client = ask.client;
	line->reply_length = 0;
	line->verdict = (uint8_t)(ENGINE_NXDOMAIN + ask.class);
	line->rcode = job->answer->header[1] & WIRE_FLAG2_RCODE;
	line->flags |= ask.class == LIMIT_CUT ? LEDGER_TC : 0;
	line->action = action;
	counter_add(&counters->engine[line->verdict], 1);
}

static inline void
header_prefetch(const struct rte_mbuf *mbuf)
{
	/* from the mbuf's own address, so that this does not wait for the mbuf */
	const uint8_t *data = (const uint8_t *)mbuf + sizeof(*mbuf) + RTE_PKTMBUF_HEADROOM;

	rte_prefetch0(mbuf);
	rte_prefetch0(data);
	rte_prefetch0(data + 64);
}

/* @param fates  all WORKER_REPLY. @return whether they still are */
static inline bool
emit_all(const struct worker_view *view, struct worker_counters *counters,
	const struct image *image, struct ledger_page *page, struct job *jobs, uint16_t count,
	const uint8_t *actions, uint8_t *fates)
{
	uint8_t zone = (uint8_t)view->answers->catalogue.root_index;
	struct ledger_line *line;
	bool usual = true;

	for (unsigned int i = 0; i < BODY_AHEAD && i < count; i++)
		body_prefetch(image, &jobs[i]);
	for (unsigned int i = 0; i < count; i++) {
		struct job *job = &jobs[i];

		if (i + BODY_AHEAD < count)
			body_prefetch(image, &jobs[i + BODY_AHEAD]);
		if (unlikely(!is_piped(job))) {
			fates[i] = (uint8_t)worker_answer_one(view, counters, page, job->mbuf);
			usual &= fates[i] == WORKER_REPLY;
			continue;
		}
		if (unlikely(actions[i] > LEDGER_SLIPPED)) {
			held_back(counters, image, page, job, zone, actions[i]);
			fates[i] = WORKER_DROPPED;
			usual = false;
			continue;
		}
		line = line_begin(page, job, zone);
		line->action = actions[i];
		/* nothing fits into no room: TC */
		if (unlikely(actions[i] == LEDGER_SLIPPED))
			job->room = 0;
		if (view->offload)
			emit(image, counters, job, line, true);
		else
			emit(image, counters, job, line, false);
	}
	return usual;
}

/* Replies, then what is foreign, then what is dropped; each in the order in which it came. */
static inline struct worker_sorted
fates_sort(struct rte_mbuf **mbufs, const uint8_t *fates, uint16_t count)
{
	struct rte_mbuf *foreign[WORKER_BURST], *dropped[WORKER_BURST];
	struct worker_sorted sorted = {0, 0};
	uint16_t drops = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (likely(fates[i] == WORKER_REPLY))
			mbufs[sorted.replies++] = mbufs[i];
		else if (fates[i] == WORKER_FOREIGN)
			foreign[sorted.foreign++] = mbufs[i];
		else
			dropped[drops++] = mbufs[i];
	}
	for (unsigned int i = 0; i < sorted.foreign; i++)
		mbufs[sorted.replies + i] = foreign[i];
	for (unsigned int i = 0; i < drops; i++)
		mbufs[sorted.replies + sorted.foreign + i] = dropped[i];
	return sorted;
}

/* The pipeline is made for a node that has the root, or what has its shape. */
static inline const struct image *
image_suited(const struct image_catalogue *catalogue)
{
	const struct image *root = catalogue->root;

	return root && root->radix.entries ? root : NULL;
}

struct worker_sorted
NAMED(worker_answer_, WORKER_VARIANT)(const struct worker_view *view,
	struct worker_counters *counters, struct ledger_page *page, struct rte_mbuf **mbufs,
	uint16_t count)
{
	const struct image *image = image_suited(&view->answers->catalogue);
	struct job jobs[WORKER_BURST];
	uint8_t cookies[WORKER_BURST][WIRE_COOKIE_SIZE];
	uint8_t fates[WORKER_BURST], actions[WORKER_BURST] = {LEDGER_ANSWERED};

	assert(count <= WORKER_BURST);
	worker_page_begin(view, page);
	if (unlikely(!image)) {
		for (unsigned int i = 0; i < count; i++)
			fates[i] = (uint8_t)worker_answer_one(view, counters, page, mbufs[i]);
		return fates_sort(mbufs, fates, count);
	}
	for (unsigned int i = 0; i < HEADER_AHEAD && i < count; i++)
		header_prefetch(mbufs[i]);
	for (unsigned int i = 0; i < count; i++) {
		static const struct image_answer usual;

		if (i + HEADER_AHEAD < count)
			header_prefetch(mbufs[i + HEADER_AHEAD]);
		jobs[i].mbuf = mbufs[i];
		jobs[i].cookie = cookies[i];
		jobs[i].answer = parse(view, image, &jobs[i]) ? &usual : NULL;
	}
	if (view->limiter)
		clients_prefetch(view, jobs, count);
	for (unsigned int i = 0; i < count; i++)
		if (likely(jobs[i].answer != NULL))
			locate(image, &jobs[i]);
	if (unlikely(view->answers->catalogue.other_count))
		elsewhere_find(&view->answers->catalogue, jobs, count);
	if (view->limiter)
		answers_judge(view, image, jobs, count, actions);
	memset(fates, WORKER_REPLY, sizeof(fates));
	if (likely(emit_all(view, counters, image, page, jobs, count, actions, fates)))
		return (struct worker_sorted){count, 0};
	return fates_sort(mbufs, fates, count);
}
