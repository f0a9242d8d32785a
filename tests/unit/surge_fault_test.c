/* SPDX-License-Identifier: BSD-3-Clause */
/* Each way in which a reply can be wrong has its own name. */
#include "surge_world.h"

enum { HEADER = 12 };

/* Replies of each template of a workload, and what is planted into them. */
typedef bool planting(uint8_t *reply, size_t *length);

static void
planted_is_told(struct workload_wishes wishes, planting *plant, enum surge_strictness strictness,
	enum surge_fault expected, const char *what)
{
	uint8_t reply[WIRE_UDP_SIZE_OWN + 512];
	struct surge_world w;
	uint32_t line = 0;
	unsigned int planted = 0;

	wishes.count = 50;
	surge_world_begin(&w, wishes);
	for (size_t i = 0; i < w.templates.count; i++) {
		const struct surge_template *t = surge_template_at(&w.templates, line);
		const uint8_t *query = t->frame + t->message_offset;
		size_t length = surge_model_answer(&w.model, t->frame, t->frame_length, reply);

		cr_expect_eq(surge_fault_find(t, strictness, reply, length, query), SURGE_RIGHT,
			"%s: nothing is planted yet", what);
		if (plant(reply, &length)) {
			enum surge_fault told =
				surge_fault_find(t, strictness, reply, length, query);

			planted++;
			cr_expect_eq(told, expected, "%s: %s", what, surge_fault_names[told]);
		}
		line += t->lines;
	}
	cr_expect_gt(planted, 0, "%s", what);
	surge_world_end(&w);
}

static bool
nothing(uint8_t *reply, size_t *length)
{
	(void)reply;
	(void)length;
	return true;
}

static bool
question_case(uint8_t *reply, size_t *length)
{
	(void)length;
	reply[HEADER + 1] ^= 0x20;
	return true;
}

static bool
question_type(uint8_t *reply, size_t *length)
{
	size_t at = HEADER;

	while (reply[at])
		at += reply[at] + 1u;
	reply[at + 2] ^= 0x40;
	return *length > at;
}

static bool
question_gone(uint8_t *reply, size_t *length)
{
	(void)length;
	reply[5] = 0;
	return true;
}

static bool
rcode(uint8_t *reply, size_t *length)
{
	(void)length;
	reply[3] ^= 1;
	return true;
}

static bool
truncation(uint8_t *reply, size_t *length)
{
	(void)length;
	reply[2] ^= WIRE_FLAG1_TC;
	return true;
}

static bool
authority(uint8_t *reply, size_t *length)
{
	(void)length;
	reply[2] ^= WIRE_FLAG1_AA;
	return true;
}

/* Before the OPT */
static bool
last_octet(uint8_t *reply, size_t *length)
{
	reply[*length - WIRE_OPT_SIZE - 1] ^= 1;
	return true;
}

/* Of the first record's TTL, behind a pointer, type and class */
static bool
ttl_bit(uint8_t *reply, size_t *length)
{
	size_t at = HEADER;

	while (reply[at])
		at += reply[at] + 1u;
	reply[at + 5 + 9] ^= 0x10;
	return *length > at;
}

static bool
cut(uint8_t *reply, size_t *length)
{
	(void)reply;
	(*length)--;
	return true;
}

static bool
lengthened(uint8_t *reply, size_t *length)
{
	memset(reply + *length, 0, 512);
	*length += 512;
	return true;
}

/* The first NSEC in it becomes one of another type. */
static bool
nsec_gone(uint8_t *reply, size_t *length)
{
	for (size_t i = HEADER; i + 4 < *length; i++)
		if (memcmp(reply + i, "\0\x2f\0\1\0\1", 6) == 0) {
			reply[i + 1] = 0x30;
			return true;
		}
	return false;
}

static const struct {
	const char *what, *workload;
	planting *plant;
	enum surge_strictness strictness;
	enum surge_fault fault;
} plants[] = {
	{"right", "nxdomain-do", nothing, SURGE_OCTETS, SURGE_RIGHT},
	{"the name's case", "nxdomain", question_case, SURGE_OCTETS, SURGE_FAULT_QUESTION},
	{"the type", "nxdomain", question_type, SURGE_OCTETS, SURGE_FAULT_QUESTION},
	{"no question", "nxdomain", question_gone, SURGE_OCTETS, SURGE_FAULT_QUESTION},
	{"an RCODE", "nxdomain", rcode, SURGE_OCTETS, SURGE_FAULT_RCODE},
	{"an RCODE of another server", "referral", rcode, SURGE_HEADER, SURGE_FAULT_RCODE},
	{"TC", "referral-do", truncation, SURGE_OCTETS, SURGE_FAULT_TC},
	{"TC of another server", "referral-do", truncation, SURGE_HEADER, SURGE_RIGHT},
	{"AA", "nxdomain", authority, SURGE_OCTETS, SURGE_FAULT_FLAGS},
	{"AA of another server", "nxdomain", authority, SURGE_HEADER, SURGE_FAULT_FLAGS},
	{"the last octet", "priming-do", last_octet, SURGE_OCTETS, SURGE_FAULT_CONTENT},
	{"a bit of a referral", "referral", ttl_bit, SURGE_OCTETS, SURGE_FAULT_CONTENT},
	{"content of another server", "referral", ttl_bit, SURGE_HEADER, SURGE_RIGHT},
	{"an octet missing", "priming", cut, SURGE_OCTETS, SURGE_FAULT_MALFORMED},
	{"longer than the client takes", "nxdomain", lengthened, SURGE_OCTETS, SURGE_FAULT_SIZE},
	{"an NSEC that is none", "single-do", nsec_gone, SURGE_OCTETS, SURGE_FAULT_DENIAL},
};

Test(surge_fault, is_told_by_its_name)
{
	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		struct workload_wishes wishes = workload_wishes_default();

		wishes.name = plants[i].workload;
		planted_is_told(wishes, plants[i].plant, plants[i].strictness, plants[i].fault,
			plants[i].what);
	}
}

/* Every bit of every reply counts, but those of the id. */
Test(surge_fault, is_any_bit_that_differs)
{
	struct workload_wishes wishes = workload_wishes_default();
	uint8_t reply[WIRE_UDP_SIZE_OWN];
	struct surge_world w;
	uint32_t line = 0;

	wishes.name = "nxdomain-do";
	wishes.count = 20;
	surge_world_begin(&w, wishes);
	for (size_t i = 0; i < w.templates.count; i++) {
		const struct surge_template *t = surge_template_at(&w.templates, line);
		size_t length = surge_model_answer(&w.model, t->frame, t->frame_length, reply);

		for (size_t bit = 16; bit < length * 8; bit++) {
			reply[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_expect_neq(surge_fault_find(t, SURGE_OCTETS, reply, length,
					      t->frame + t->message_offset),
				SURGE_RIGHT, "bit %zu", bit);
			reply[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		line += t->lines;
	}
	surge_world_end(&w);
}

/* An NXDOMAIN for `qname` out of the NSEC records of another name. */
static bool
denial_of(const struct surge_model *model, const char *qname, const char *other)
{
	uint8_t query[QUERY_MAX], reply[WIRE_UDP_SIZE_OWN];
	const struct exchange_peer peer = {
		.address = (const uint8_t *)"\xc6\x12\0\1", .address_size = 4};
	struct wire_name name, wrong;
	size_t length;

	cr_assert(wire_name_from_text(&name, qname) && wire_name_from_text(&wrong, other));
	length = query_make(query, &wrong, WIRE_TYPE_A, 1232, true);
	length = oracle_answer(&model->zones, &model->self, &peer, query, length, reply);
	cr_assert_eq(name.length, wrong.length);
	memcpy(reply + HEADER, name.octets, name.length);
	return surge_denial_proves(reply, length);
}

Test(surge_fault, knows_which_names_an_nsec_covers)
{
	struct workload_wishes wishes = workload_wishes_default();
	struct surge_world w;

	wishes.name = "ch";
	wishes.count = 1;
	surge_world_begin(&w, wishes);
	/* . com. org. */
	cr_expect(denial_of(&w.model, "bbb.", "bbb."));
	cr_expect(denial_of(&w.model, "aaa.", "bbb."), "the same range");
	cr_expect(denial_of(&w.model, "BBB.", "bbb."), "in any case");
	cr_expect(denial_of(&w.model, "x.nnn.", "x.mmm."));
	cr_expect(denial_of(&w.model, "zzz.", "yyy."), "behind the last");
	cr_expect(denial_of(&w.model, "bbb.", "nnn."), "by what denies the wildcard");
	cr_expect_not(denial_of(&w.model, "ppp.", "nnn."), "behind its end");
	cr_expect_not(denial_of(&w.model, "nnn.", "bbb."), "behind that of both");
	cr_expect_not(denial_of(&w.model, "com.", "bbb."), "its end");
	cr_expect_not(denial_of(&w.model, "org.", "zzz."), "its owner");
	surge_world_end(&w);
}

/* A cookie's server part is whatever the server makes it. */
Test(surge_fault, leaves_out_what_the_server_makes_of_a_cookie)
{
	struct workload_wishes wishes = workload_wishes_default();
	uint8_t reply[WIRE_UDP_SIZE_OWN];
	struct surge_world w;
	const struct surge_template *t;
	size_t length;

	wishes.name = "single-do-cookie";
	wishes.count = 1;
	surge_world_begin(&w, wishes);
	t = surge_template_at(&w.templates, 0);
	length = surge_model_answer(&w.model, t->frame, t->frame_length, reply);
	cr_assert_eq(t->expected.hashed_length, length - WIRE_COOKIE_SERVER_SIZE);
	reply[length - 1] ^= 1;
	cr_expect_eq(surge_fault_find(t, SURGE_OCTETS, reply, length, t->frame + t->message_offset),
		SURGE_RIGHT);
	/* the client's own part comes back as it was */
	reply[t->expected.hashed_length - 1] ^= 1;
	cr_expect_eq(surge_fault_find(t, SURGE_OCTETS, reply, length, t->frame + t->message_offset),
		SURGE_FAULT_CONTENT);
	surge_world_end(&w);
}

/* Whatever comes is judged without a step beyond its last octet: each is a block of its own, where
 * the address sanitizer sees one too far. */
Test(surge_fault, is_found_in_any_octets)
{
	struct workload_wishes wishes = workload_wishes_default();
	struct surge_examiner *examiner;
	struct surge_world w;
	struct why why;
	uint64_t random = 8198;
	uint32_t line = 0;

	wishes.name = "nxdomain-do";
	wishes.count = 200;
	surge_world_begin(&w, wishes);
	cr_assert_eq(surge_examiner_new(&examiner, &w.model, NULL, SURGE_OCTETS, 1, 0, &why), 0);
	for (size_t i = 0; i < w.templates.count * 100; i++) {
		const struct surge_template *t = surge_template_at(&w.templates, line);
		struct surge_sample *sample = calloc(1, sizeof(*sample));
		uint8_t reply[WIRE_UDP_SIZE_OWN], *block;
		size_t length = surge_model_answer(&w.model, t->frame, t->frame_length, reply);

		cr_assert(sample);
		for (unsigned int j = 0; j < 1 + i % 4; j++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			reply[(random >> 33) % length] = (uint8_t)(random >> 24);
		}
		length = i % 3 ? length : HEADER + (random >> 40) % (length - HEADER);
		block = malloc(length);
		cr_assert(block);
		memcpy(block, reply, length);
		surge_fault_find(t, SURGE_OCTETS, block, length, t->frame + t->message_offset);
		surge_fault_find(t, SURGE_HEADER, block, length, t->frame + t->message_offset);
		surge_denial_proves(block, length);
		memcpy(sample->frame, t->frame, t->message_offset);
		memcpy(sample->frame + t->message_offset, block, length);
		wire_u16_patch(sample->frame + t->message_offset - 4, (uint16_t)(length + 8));
		if (t->message_offset == 42)
			wire_u16_patch(sample->frame + 16, (uint16_t)(length + 28));
		else
			wire_u16_patch(sample->frame + 18, (uint16_t)(length + 8));
		sample->length = (uint16_t)(t->message_offset + length);
		surge_examine(examiner, t, sample, &why);
		free(block);
		free(sample);
		line = (line + t->lines) % w.templates.line_count;
	}
	surge_examiner_free(examiner);
	surge_world_end(&w);
}

/* A zone is replaced during a run: replies of both versions are right, those of a third are not. */
Test(surge_fault, is_none_in_what_another_version_of_the_zone_says)
{
	struct workload_wishes wishes = workload_wishes_default();
	struct surge_examiner *examiner;
	struct surge_templates templates;
	struct surge_world w;
	struct zone *zones[2];
	const struct zone *lists[2][1];
	struct surge_model models[2];
	struct why why;
	uint32_t line = 0;
	unsigned int differ = 0;

	wishes.name = "nxdomain-do";
	wishes.count = 30;
	surge_world_begin(&w, wishes);
	for (unsigned int i = 0; i < 2; i++) {
		char *text = strdup(surge_zone_text);

		/* serials 8 and 9 */
		*strchr(text, '7') = (char)('8' + i);
		zones[i] = zone_from_text(text);
		lists[i][0] = zones[i];
		models[i] = w.model;
		models[i].zones.zones = lists[i];
		free(text);
	}
	cr_assert_eq(
		surge_templates_make(&templates, &w.work, NULL, &w.model, &models[0], &why), 0);
	cr_assert_eq(
		surge_examiner_new(&examiner, &w.model, &models[0], SURGE_OCTETS, 0, 0, &why), 0);
	for (size_t i = 0; i < templates.count; i++) {
		const struct surge_template *t = surge_template_at(&templates, line);
		const uint8_t *query = t->frame + t->message_offset;
		uint8_t reply[WIRE_UDP_SIZE_OWN];
		size_t length = surge_model_answer(&w.model, t->frame, t->frame_length, reply);

		cr_expect_eq(surge_fault_find(t, SURGE_OCTETS, reply, length, query), SURGE_RIGHT);
		length = surge_model_answer(&models[0], t->frame, t->frame_length, reply);
		cr_expect_eq(surge_fault_find(t, SURGE_OCTETS, reply, length, query), SURGE_RIGHT);
		differ += t->other.length != 0;
		length = surge_model_answer(&models[1], t->frame, t->frame_length, reply);
		cr_expect_eq(surge_fault_find(t, SURGE_OCTETS, reply, length, query),
			SURGE_FAULT_CONTENT);
		line += t->lines;
	}
	cr_expect_eq(differ, templates.count, "each has the SOA");
	surge_examiner_free(examiner);
	surge_templates_free(&templates);
	zone_free(zones[0]);
	zone_free(zones[1]);
	surge_world_end(&w);
}
