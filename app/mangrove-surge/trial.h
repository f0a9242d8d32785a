/* SPDX-License-Identifier: BSD-3-Clause */
/* One run at one rate, and what came of it. */
#ifndef MANGROVE_SURGE_TRIAL_H
#define MANGROVE_SURGE_TRIAL_H

#include "deck.h"

enum { SAMPLES_MAX = 1 << 20 };

/* Counts of all lanes together. */
struct figures {
	uint64_t sent, sent_octets, answered, lost, late, silent, spoiled, slipped, received,
		received_octets, other, crossed, refused, unsampled;
	uint64_t rcodes[16], faults[SURGE_FAULTS], clients[SURGE_ENDS];
};

/* The server and its children. */
struct resources {
	double cpu_seconds, rss_kib;
	unsigned int processes;
};

/* Latencies in microseconds. */
struct latency {
	double p50, p90, p99, p999, p9999, most;
};

/* One interval of a run. */
struct moment {
	double at; /* seconds since its start */
	uint64_t sent, answered, lost, late, wrong, clients_sent, clients_answered;
	double p50, p99, most; /* microseconds */
	struct resources server;
};

struct trial {
	double rate, seconds; /* as wished; 0: closed loop */
	double sending_s;     /* as it was */
	uint64_t due;	      /* queries; 0: closed loop */
	bool calm;	      /* clients alone */
	double clients_share; /* of what was due, if they are counted apart from a flood; else 0 */
	struct figures figures;
	struct latency latency;
	struct surge_histogram *histogram; /* cycles */
	struct moment *moments;
	unsigned int moment_count;
	uint32_t *lost_in; /* of each second by when queries were due */
	unsigned int seconds_count;
	uint64_t examined, verified;
	struct resources server_before, server_after;
	double rss_slope, rss_slope_error; /* KiB an hour, after the first tenth */
};

/** Add up what all lanes have counted. */
void figures_read(const struct deck *deck, struct figures *figures);
/** Take away what there was before. */
void figures_subtract(struct figures *figures, const struct figures *before);
/** What is not the clients'. */
void figures_flood(const struct figures *figures, uint64_t ends[static SURGE_ENDS]);
uint64_t figures_wrong(const struct figures *figures);
struct latency latency_of(const struct surge_histogram *histogram);

/** Lost, or never sent for want of room in the transmit ring: share of all that was due. Beside a
 * flood: not answered, as a share of what was due of clients. */
double trial_loss(const struct trial *trial);
static inline uint64_t
trial_unsent(const struct trial *trial)
{
	return trial->due > trial->figures.sent ? trial->due - trial->figures.sent : 0;
}

/** Run. @return 0 or -errno */
int trial_run(struct deck *deck, const struct options *options, double rate, double seconds,
	struct trial *trial, struct why *why);
void trial_free(struct trial *trial);

/** Read /proc. */
void resources_read(unsigned int pid, struct resources *resources);
/** Fit a line to the memory of the moments. */
void resources_slope(struct trial *trial);

#endif
