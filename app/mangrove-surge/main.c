/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <rte_errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

enum { EXIT_WELL = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

/* How much longer the rate that a search found is run for, to confirm it. */
enum { CONFIRM_FACTOR = 3 };

static struct deck deck;

static void
stop(int signal)
{
	(void)signal;
	atomic_store_explicit(&deck.stop, true, memory_order_relaxed);
}

static bool
is_stopped(void)
{
	return atomic_load_explicit(&deck.stop, memory_order_relaxed);
}

static int
failed(int code, const struct why *why)
{
	fprintf(stderr, "mangrove-surge: %s\n", why->text);
	return code;
}

/* ---- preparing ---- */

static int
self_make(struct exchange_self *self, const struct options *options, struct why *why)
{
	const char *identity = options->identity ? options->identity : "";
	const char *version = options->version ? options->version : "";

	if (strlen(identity) >= EXCHANGE_TEXT_MAX || strlen(version) >= EXCHANGE_TEXT_MAX)
		return why_set(why, EINVAL, "a text in class CH has less than %d characters",
			EXCHANGE_TEXT_MAX);
	/* any secret: what a server makes of its own is not compared */
	*self = (struct exchange_self){.secrets = {.count = 1}};
	self->identity_length = (uint8_t)strlen(identity);
	memcpy(self->identity, identity, self->identity_length);
	self->version_length = (uint8_t)strlen(version);
	memcpy(self->version, version, self->version_length);
	return 0;
}

/* The first zone in another version, the others as they are. */
static int
other_make(struct surge_model *other, const struct surge_model *model, const char *path,
	struct why *why)
{
	const struct zone **zones = calloc(model->zones.count, sizeof(struct zone *));
	struct zone *zone;
	int rc;

	if (!zones)
		return why_set(why, ENOMEM, "no memory");
	rc = zone_load(path, NULL, &zone, why);
	if (rc < 0) {
		free(zones);
		return rc;
	}
	memcpy(zones, model->zones.zones, model->zones.count * sizeof(struct zone *));
	zones[0] = zone;
	*other = *model;
	other->zones.zones = zones;
	return 0;
}

static int
model_make(struct surge_model *model, const struct options *options, struct why *why)
{
	const struct zone **zones = calloc(options->zone_count, sizeof(struct zone *));
	struct zone *zone;
	int rc;

	if (!zones)
		return why_set(why, ENOMEM, "no memory");
	model->zones.zones = zones;
	for (unsigned int i = 0; i < options->zone_count; i++) {
		rc = zone_load(options->zones[i], NULL, &zone, why);
		if (rc < 0)
			return rc;
		zones[model->zones.count++] = zone;
	}
	rc = self_make(&model->self, options, why);
	if (rc == 0 && options->or_zone)
		rc = other_make(&deck.other, model, options->or_zone, why);
	return rc;
}

/* The clients' workload, and a flood's of the same zone. */
static int
workloads_make(struct workload *work, struct workload *flood, const struct options *options,
	struct why *why)
{
	const struct zone *zone = deck.model.zones.zones[0];
	struct workload_wishes wishes = options->workload, others = workload_wishes_default();
	int rc;

	if (options->flood_name)
		wishes.count =
			(size_t)(ceil((double)wishes.count * (1 - options->flood_share / 100)));
	rc = workload_make(work, &wishes, zone, why);
	if (rc < 0 || !options->flood_name)
		return rc;
	others.name = options->flood_name;
	others.mix = wishes.mix;
	others.count = options->workload.count - wishes.count;
	others.seed = wishes.seed + 1;
	others.ends = wishes.ends;
	others.ends.ipv4 = options->flood_ipv4;
	others.ends.ipv6 = options->flood_ipv6;
	if (options->flood_cookies) {
		others.shares.cookie = 100;
		others.forged_at = (uint32_t)time(NULL);
	}
	rc = workload_make(flood, &others, zone, why);
	if (rc < 0)
		workload_free(work);
	return rc;
}

static int
templates_make(const struct options *options, struct why *why)
{
	const struct surge_model *other = options->or_zone ? &deck.other : NULL;
	struct workload work, flood = {.count = 0};
	int rc = workloads_make(&work, &flood, options, why);

	if (rc < 0)
		return rc;
	rc = surge_templates_make(&deck.templates, &work, options->flood_name ? &flood : NULL,
		&deck.model, other, why);
	workload_free(&work);
	workload_free(&flood);
	if (rc == 0 && options->examine_each)
		rc = surge_examiner_new(&deck.examiner, &deck.model, other, options->strictness,
			options->signatures_each, options->at, why);
	return rc;
}

/* ---- running ---- */

static int
trial_add(struct results *results, const struct options *options, double rate, double seconds,
	bool calm, struct why *why)
{
	struct trial *trial;
	int rc;

	if (results->count == TRIALS_MAX)
		return why_set(why, E2BIG, "more than %d runs", TRIALS_MAX);
	trial = calloc(1, sizeof(*trial));
	if (!trial)
		return why_set(why, ENOMEM, "no memory");
	results->trials[results->count++] = trial;
	if (options->mode != MODE_FIXED)
		fprintf(report_stream(options), "at %.0f queries a second:\n", rate);
	else if (options->calm > 0)
		fputs(calm ? "calm:\n" : "flood:\n", report_stream(options));
	trial->calm = calm;
	rc = trial_run(&deck, options, rate, seconds, trial, why);
	if (rc == 0)
		report_trial(options, trial);
	return rc;
}

static bool
passed(const struct results *results, const struct options *options)
{
	const struct trial *last = results->trials[results->count - 1];

	return trial_loss(last) * 100 <= options->tolerance && figures_wrong(&last->figures) == 0 &&
	       last->figures.answered > 0;
}

static int
ramp_run(struct results *results, const struct options *options, struct why *why)
{
	/* half a step more than the end, for what sums of fractions leave out */
	double range = options->ramp_to - options->ramp_from;
	unsigned int steps = (unsigned int)(range / options->ramp_step + .5);
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i <= steps && !is_stopped(); i++)
		rc = trial_add(results, options, options->ramp_from + i * options->ramp_step,
			options->seconds, false, why);
	return rc;
}

/* A rate counts that also passes for longer; else it goes on below. */
static int
search_run(struct results *results, const struct options *options, struct why *why)
{
	double most = options->search_most;
	int rc = 0;

	while (rc == 0 && results->found == 0 && most >= options->search_least) {
		struct surge_search search;

		surge_search_begin(&search, options->search_least, most, options->resolution / 100);
		while (rc == 0 && !search.over && !is_stopped()) {
			rc = trial_add(results, options, search.rate, options->seconds, false, why);
			if (rc == 0)
				surge_search_tell(&search, passed(results, options));
		}
		if (rc < 0 || search.rate == 0 || is_stopped())
			return rc;
		rc = trial_add(results, options, search.rate, options->seconds * CONFIRM_FACTOR,
			false, why);
		if (rc == 0 && passed(results, options))
			results->found = search.rate;
		most = search.rate * (1 - fmax(options->resolution, .1) / 100);
	}
	for (unsigned int i = 0; rc == 0 && results->found > 0 && i < 3 && !is_stopped(); i++) {
		static const double shares[] = {.1, .5, .9};

		rc = trial_add(
			results, options, results->found * shares[i], options->seconds, false, why);
	}
	return rc;
}

/* The clients alone, at the rate that they have in the flood that comes first. */
static int
calm_run(struct results *results, const struct options *options, struct why *why)
{
	double rate = options->mode == MODE_FIXED  ? options->rate
		      : options->mode == MODE_RAMP ? options->ramp_from
						   : options->search_most;

	if (options->calm <= 0)
		return 0;
	return trial_add(results, options, rate * surge_clients_share(&deck.templates),
		options->calm, true, why);
}

static int
runs_make(struct results *results, const struct options *options, struct why *why)
{
	int rc = calm_run(results, options, why);

	if (rc < 0 || is_stopped())
		return rc;
	switch (options->mode) {
	case MODE_FIXED:
		return trial_add(results, options, options->rate, options->seconds, false, why);
	case MODE_RAMP:
		return ramp_run(results, options, why);
	case MODE_SEARCH:
		return search_run(results, options, why);
	}
	return 0;
}

/* Loss is what ramps and searches are for; a wrong reply never is. */
static bool
is_well(const struct results *results, const struct options *options)
{
	bool well = results->count > 0;

	for (unsigned int i = 0; i < results->count; i++)
		well &= figures_wrong(&results->trials[i]->figures) == 0;
	if (options->mode == MODE_FIXED)
		well = well && passed(results, options);
	if (options->mode == MODE_SEARCH)
		well = well && results->found > 0;
	return well;
}

static int
surge(const struct options *options, struct why *why)
{
	static struct results results;
	bool well = false;
	int rc = deck_ports_start(&deck, options, why);

	if (rc == 0)
		rc = deck_lanes_make(&deck, options, why);
	if (rc == 0 && getloadavg(&results.load, 1) != 1)
		results.load = -1;
	if (rc == 0)
		rc = runs_make(&results, options, why);
	if (rc == 0) {
		well = is_well(&results, options);
		if (options->mode != MODE_FIXED)
			report_results(options, &results);
	}
	if (rc == 0 && options->json)
		rc = json_write(&deck, options, &results, well, why);
	if (rc == 0 && options->plot && results.count)
		rc = plot_write(options, &results, why);
	if (rc == 0 && options->wrong)
		rc = wrong_write(&deck, options->wrong, why);
	for (unsigned int i = 0; i < results.count; i++) {
		trial_free(results.trials[i]);
		free(results.trials[i]);
	}
	if (rc < 0)
		return failed(EXIT_WRONG, why);
	return well ? EXIT_WELL : EXIT_WRONG;
}

int
main(int argc, char **argv)
{
	static struct options options;
	struct sigaction action = {.sa_handler = stop};
	struct why why = {.text = ""};
	int rc = options_read(&options, argc, argv, &why), code;

	if (rc == 1)
		return EXIT_WELL;
	if (rc < 0)
		return failed(EXIT_USAGE, &why);
	/* what can be told without a device is told first */
	if (model_make(&deck.model, &options, &why) < 0 || templates_make(&options, &why) < 0)
		return failed(EXIT_USAGE, &why);
	if (options.export) {
		rc = queries_write(&deck.templates, options.export, &why);
		deck_free(&deck);
		return rc < 0 ? failed(EXIT_WRONG, &why) : EXIT_WELL;
	}
	rc = deck_eal_start(&deck, &options, &why);
	if (rc < 0)
		return failed(rc == -EINVAL ? EXIT_USAGE : EXIT_WRONG, &why);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	code = surge(&options, &why);
	deck_free(&deck);
	deck_eal_stop(&deck);
	return code;
}
