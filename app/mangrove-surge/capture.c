/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as pcap: what was wrong, and what is asked. */
#include <errno.h>
#include <pcap/pcap.h>

#include "report.h"

struct capture {
	pcap_t *format;
	pcap_dumper_t *dumper;
};

static int
capture_open(struct capture *capture, const char *path, struct why *why)
{
	capture->format = pcap_open_dead(DLT_EN10MB, SURGE_FRAME_MAX);
	if (!capture->format)
		return why_set(why, ENOMEM, "no memory");
	capture->dumper = pcap_dump_open(capture->format, path);
	if (capture->dumper)
		return 0;
	why_set(why, EIO, "%s", pcap_geterr(capture->format));
	pcap_close(capture->format);
	return -EIO;
}

static void
frame_write(const struct capture *capture, const uint8_t *frame, size_t length, struct timespec at)
{
	const struct pcap_pkthdr header = {
		.ts = {.tv_sec = at.tv_sec, .tv_usec = at.tv_nsec / 1000},
		.caplen = (bpf_u_int32)length,
		.len = (bpf_u_int32)length,
	};

	pcap_dump((u_char *)capture->dumper, &header, frame);
}

static int
capture_close(const struct capture *capture, const char *path, struct why *why)
{
	int rc = pcap_dump_flush(capture->dumper) < 0 ? why_errno(why, "%s", path) : 0;

	pcap_dump_close(capture->dumper);
	pcap_close(capture->format);
	return rc;
}

int
wrong_write(const struct deck *deck, const char *path, struct why *why)
{
	struct capture capture = {.format = NULL};
	int rc = capture_open(&capture, path, why);

	if (rc < 0)
		return rc;
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		const struct surge_lane *l = deck->lanes[i];
		/* pairs with the lane's release of a sample */
		uint32_t count = atomic_load_explicit(&l->wrong_count, memory_order_acquire);

		for (uint32_t j = 0; j < count; j++)
			frame_write(
				&capture, l->wrong[j].frame, l->wrong[j].length, l->wrong[j].at);
	}
	return capture_close(&capture, path, why);
}

int
queries_write(const struct surge_templates *templates, const char *path, struct why *why)
{
	struct capture capture = {.format = NULL};
	uint32_t line = 0;
	int rc = capture_open(&capture, path, why);

	if (rc < 0)
		return rc;
	for (uint64_t i = 0; i < templates->count; i++) {
		const struct surge_template *t = surge_template_at(templates, line);
		uint8_t frame[WORKLOAD_FRAME_MAX];

		/* ports of 1024 and up, ids that go round */
		surge_template_frame(t, (uint16_t)(1024 + i % 60000), (uint16_t)i, frame);
		frame_write(&capture, frame, t->frame_length,
			(struct timespec){.tv_nsec = (long)(i % 1000) * 1000000,
				.tv_sec = (time_t)(i / 1000)});
		line += t->lines;
	}
	return capture_close(&capture, path, why);
}
