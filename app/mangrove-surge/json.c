/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <jansson.h>
#include <rte_cycles.h>
#include <rte_version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "report.h"

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *
figures_object(const struct figures *f)
{
	json_t *faults = json_object(), *rcodes = json_object();

	for (enum surge_fault i = SURGE_RIGHT + 1; i < SURGE_FAULTS; i++)
		json_object_set_new(faults, surge_fault_names[i], number(f->faults[i]));
	for (unsigned int i = 0; i < 16; i++)
		if (f->rcodes[i]) {
			char name[16];

			snprintf(name, sizeof(name), "%u", i);
			json_object_set_new(rcodes, name, number(f->rcodes[i]));
		}
	return json_pack("{s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o}",
		"sent", number(f->sent), "sent_octets", number(f->sent_octets), "answered",
		number(f->answered), "lost", number(f->lost), "late", number(f->late), "silent",
		number(f->silent), "spoiled", number(f->spoiled), "truncated", number(f->slipped),
		"received", number(f->received), "received_octets", number(f->received_octets),
		"other", number(f->other), "crossed", number(f->crossed), "ring_full",
		number(f->refused), "unsampled", number(f->unsampled), "wrong",
		number(figures_wrong(f)), "faults", faults, "rcodes", rcodes);
}

static json_t *
ends_object(const uint64_t *ends)
{
	return json_pack("{s:o s:o s:o s:o s:o s:o}", "sent", number(ends[SURGE_END_SENT]),
		"answered", number(ends[SURGE_END_ANSWERED]), "truncated",
		number(ends[SURGE_END_SLIPPED]), "lost", number(ends[SURGE_END_LOST]), "late",
		number(ends[SURGE_END_LATE]), "wrong", number(ends[SURGE_END_SPOILED]));
}

/* Both populations of a run with a flood. */
static void
populations_set(json_t *run, const struct trial *trial)
{
	uint64_t flood[SURGE_ENDS];

	figures_flood(&trial->figures, flood);
	json_object_set_new(run, "clients", ends_object(trial->figures.clients));
	json_object_set_new(run, "flood", ends_object(flood));
	json_object_set_new(run, "calm", json_boolean(trial->calm));
}

static json_t *
latency_object(const struct trial *trial)
{
	const struct latency *l = &trial->latency;
	double us = 1e6 / (double)rte_get_tsc_hz();
	json_t *buckets = json_array();

	for (unsigned int i = 0; i < SURGE_BUCKETS; i++) {
		uint64_t count = counter_read(&trial->histogram->counts[i]);

		if (count)
			json_array_append_new(
				buckets, json_pack("[f, I]", us * (double)surge_histogram_bound(i),
						 (json_int_t)count));
	}
	return json_pack("{s:f s:f s:f s:f s:f s:f s:o}", "p50", l->p50, "p90", l->p90, "p99",
		l->p99, "p99.9", l->p999, "p99.99", l->p9999, "max", l->most, "histogram", buckets);
}

static json_t *
moments_array(const struct trial *trial)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < trial->moment_count; i++) {
		const struct moment *m = &trial->moments[i];

		json_array_append_new(
			list, json_pack("{s:f s:o s:o s:o s:o s:o s:f s:f s:f s:f s:f}", "at",
				      m->at, "sent", number(m->sent), "answered",
				      number(m->answered), "lost", number(m->lost), "late",
				      number(m->late), "wrong", number(m->wrong), "p50_us", m->p50,
				      "p99_us", m->p99, "max_us", m->most, "server_cpus",
				      m->server.cpu_seconds, "server_rss_kib", m->server.rss_kib));
	}
	return list;
}

static json_t *
trial_object(const struct trial *t)
{
	json_t *lost = json_object(), *trial;

	for (unsigned int i = 0; i < t->seconds_count; i++)
		if (t->lost_in[i]) {
			char second[16];

			snprintf(second, sizeof(second), "%u", i);
			json_object_set_new(lost, second, number(t->lost_in[i]));
		}
	trial = json_pack("{s:f s:f s:f s:o s:o s:f s:o s:o s:o s:o s:o s:o}", "rate", t->rate,
		"seconds", t->seconds, "sending_seconds", t->sending_s, "due", number(t->due),
		"unsent", number(trial_unsent(t)), "loss", trial_loss(t), "counts",
		figures_object(&t->figures), "latency_us", latency_object(t), "lost_in_second",
		lost, "moments", moments_array(t), "examined", number(t->examined),
		"signatures_verified", number(t->verified));
	if (t->clients_share > 0)
		populations_set(trial, t);
	json_object_set_new(trial, "server",
		json_pack("{s:f s:f s:f s:f s:f}", "cpu_seconds",
			t->server_after.cpu_seconds - t->server_before.cpu_seconds, "rss_kib",
			t->server_after.rss_kib, "rss_kib_before", t->server_before.rss_kib,
			"rss_kib_an_hour", t->rss_slope, "rss_kib_an_hour_error",
			t->rss_slope_error));
	return trial;
}

/* Who measured what, with what. */
static json_t *
identity_object(
	const struct deck *deck, const struct options *options, const struct results *results)
{
	const struct workload_wishes *w = &options->workload;
	const char *source = w->list ? w->list : w->capture ? w->capture : w->name;
	json_t *devices = json_array(), *cpus = json_array(), *serials = json_array();
	struct utsname system = {.release = ""};

	uname(&system);
	for (unsigned int i = 0; i < options->device_count; i++)
		json_array_append_new(devices, json_string(options->devices[i]));
	for (unsigned int i = 0; i < options->cpu_count; i++)
		json_array_append_new(cpus, json_integer(options->cpus[i]));
	for (unsigned int i = 0; i < deck->model.zones.count; i++)
		json_array_append_new(serials, number(deck->model.zones.zones[i]->serial));
	return json_pack("{s:s s:s s:s s:s s:o s:o s:o s:s s:o s:o s:o s:s s:f s:f s:f}", "program",
		"mangrove-surge " MANGROVE_VERSION, "compiler", __VERSION__, "dpdk", rte_version(),
		"kernel", system.release, "devices", devices, "cpus", cpus, "zone_serials", serials,
		"workload", source, "distinct", number(deck->templates.count), "silent_queries",
		number(deck->templates.silent), "seed", number(w->seed), "verify",
		options->strictness == SURGE_OCTETS ? "octets" : "header", "timeout_seconds",
		options->timeout_s, "tolerance_percent", options->tolerance, "load", results->load);
}

int
json_write(const struct deck *deck, const struct options *options, const struct results *results,
	bool well, struct why *why)
{
	json_t *trials = json_array(), *report;
	int rc;

	for (unsigned int i = 0; i < results->count; i++)
		json_array_append_new(trials, trial_object(results->trials[i]));
	report = json_pack("{s:o s:b s:f s:o}", "identity", identity_object(deck, options, results),
		"well", well, "highest_rate", results->found, "runs", trials);
	if (strcmp(options->json, "-") == 0)
		rc = json_dumpf(report, stdout, JSON_INDENT(1)) < 0 || puts("") < 0;
	else
		rc = json_dump_file(report, options->json, JSON_INDENT(1)) < 0;
	json_decref(report);
	return rc ? why_errno(why, "%s", options->json) : 0;
}
