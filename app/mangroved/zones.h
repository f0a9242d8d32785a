/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The zones of the node, each with where it comes from, which version of it is served, and what is
 * kept of it. All on the loop's thread; what waits (builders, the disk) does so in libuv's pool.
 */
#ifndef MANGROVED_ZONES_H
#define MANGROVED_ZONES_H

#include <jansson.h>
#include <uv.h>

#include "builder/builder.h"
#include "refresh/refresh.h"
#include "server.h"
#include "store/store.h"
#include "tls/tls.h"
#include "tsig/tsig.h"

struct zones;
struct zone_entry;
struct fetch; /* a transfer that runs */

/** Why a zone is not answered from. */
enum zone_standing {
	ZONE_EMPTY, /* no version is there */
	ZONE_SERVED,
	ZONE_EXPIRED, /* SOA EXPIRE went by, or a signature ended */
};

/** What ended; who waits for it is told. */
enum zone_event_kind { ZONE_EVENT_ROUND, ZONE_EVENT_RELOAD, ZONE_EVENT_ROLLBACK };

enum zone_outcome {
	ZONE_UP_TO_DATE,
	ZONE_UPDATED,
	ZONE_HELD_BACK, /* there is a newer version, and the zone is frozen */
	ZONE_REFUSED_VERSION,
	ZONE_FAILED, /* nothing came */
};

struct zone_event {
	enum zone_event_kind kind;
	enum zone_outcome outcome;
	uint32_t serial, previous;
	const char *text; /* source, or what went wrong */
};

/** Somebody who waits for an event of a zone; called once, then it is forgotten. */
typedef void zone_waiter(
	void *context, const struct zone_entry *zone, const struct zone_event *event);

/** A zone. Read by who reports (commands.c, watch.c); changed by zone*.c alone. */
struct zone_entry {
	struct zones *zones;
	const struct config_zone *config;
	unsigned int index;
	struct wire_name origin; /* folded; length 0: not known before the file is read */
	char name[WIRE_NAME_TEXT_MAX];
	struct image *image; /* the version that is served or expired; NULL: none */
	enum zone_standing standing;
	char source[STORE_SOURCE_SIZE];
	int64_t taken_at, verified_at, refreshed_at; /* seconds since 1970; 0: not yet */
	char anchor_tags[64];
	struct store_key
		keys[STORE_KEYS_MAX]; /* those that sign keys, of the version that it has */
	unsigned int key_count;
	unsigned int versions_taken; /* images that were served, since the start */
	bool forced, frozen;
	bool unproven; /* opened from disk, and not verified since: its proof is being repeated */
	int64_t prove_at_ms; /* not before: a builder died, or had no time */
	unsigned int prove_failures;
	struct store *store; /* NULL: nothing is kept */
	struct refresh refresh;
	int64_t asked_at[REFRESH_PRIMARIES_MAX];
	char said[REFRESH_PRIMARIES_MAX][256]; /* what a primary's last answer was */
	bool differences;		       /* how the block at hand came: IXFR, else AXFR */
	int64_t error_at;
	char error_source[STORE_SOURCE_SIZE], error_text[512]; /* the last thing that went wrong */
	bool store_fails;
	char anchor_missing[160]; /* a KSK that the trust anchors lack, in words; "": none */
	unsigned int rounds_ended;
	unsigned int compared; /* comparisons in the pool, which read its store */
	/* under way */
	bool started; /* the first version is there, or was waited for in vain */
	bool busy;    /* a job in the pool */
	const char *activity;
	bool rollback, note, reload, prove; /* asked for, in this order */
	uint32_t rollback_serial;
	bool round;    /* of refreshes, whose end somebody may wait for */
	bool demanded; /* this round takes a version whatever its serial */
	bool held_back;
	enum zone_outcome round_outcome;
	uint32_t round_previous;
	struct fetch *fetch;
	uint8_t *block[REFRESH_PRIMARIES_MAX]; /* delivered, not built */
	size_t block_length[REFRESH_PRIMARIES_MAX];
	uv_timer_t timer;
	uv_fs_poll_t file_watch, anchors_watch;
	struct waiting *waiting;
};

/** Called on the loop; any may be NULL. */
struct zones_callbacks {
	void *context;
	/** All zones have a version, or it was waited for long enough, or rc says what failed. */
	void (*started)(void *context, int rc, const struct why *why);
	/** What is answered from will be, and has been, exchanged. */
	void (*publishing)(void *context, const struct engine_service *service);
	void (*published)(void *context, const struct engine_service *service);
	/** Something of a zone that health looks at has changed. */
	void (*changed)(void *context, const struct zone_entry *zone);
	/** A version was refused (text), or one was taken (NULL). */
	void (*judged)(void *context, const struct zone_entry *zone, const char *text);
};

/** How a primary of the configuration is spoken to. */
struct primary_means {
	struct tls_context *tls;    /* NULL: plain TCP */
	const struct tsig_key *key; /* NULL: unsigned */
};

struct zones {
	struct server *server;
	const struct tsig_keys *keys;
	struct primary_means means[CONFIG_PRIMARIES_MAX]; /* of config->primaries */
	uv_loop_t *loop;
	struct zones_callbacks callbacks;
	unsigned int count;
	struct zone_entry entries[IMAGE_CATALOGUE_MAX];
	struct engine_service *service; /* what was published last, or would be */
	bool publishes;			/* the slot is there: changes go live */
	bool check_only;		/* build what has a file, and no more */
	bool starting, stopping;
	uv_timer_t tick, start_limit;
};

/** Begin: open what is kept, read files, ask primaries. @param check_only  files alone */
int zones_start(struct zones *zones, struct server *server, const struct tsig_keys *keys,
	uv_loop_t *loop, const struct zones_callbacks *callbacks, bool check_only, struct why *why);

/** From now on changes are published; the server's slot has been made, and is empty. */
void zones_publish_begin(struct zones *zones);

/** Begin nothing any more, and cancel what can be. Handles close on the loop. */
void zones_stop(struct zones *zones);

/** Whether something in the pool still runs. */
bool zones_busy(const struct zones *zones);

/** After the loop has ended. */
void zones_free(struct zones *zones);

struct zone_entry *zones_find(struct zones *zones, const struct wire_name *origin);

/* ---- what is asked of a zone (zone.c) ---- */

/** Read file and trust anchors again. */
void zone_reload(struct zone_entry *zone);

/** Ask the primaries now. @param whole  AXFR, taken whatever its serial says if `force` */
void zone_refresh(struct zone_entry *zone, bool whole, bool force);

void zone_notified(struct zone_entry *zone, const struct sockaddr *source);

void zone_freeze(struct zone_entry *zone, bool frozen);

/** @return false: nothing is kept, or not that serial */
bool zone_rollback(struct zone_entry *zone, uint32_t serial);

/** Be told of the next event of that kind. @return -ENOMEM */
int zone_wait(
	struct zone_entry *zone, enum zone_event_kind kind, zone_waiter *waiter, void *context);

/* ---- among zone*.c ---- */

/** Build the service from all zones' images and exchange it; `gone` is freed after that. */
void zones_publish(struct zones *zones, struct image *gone);

/** Go on with a zone: begin what is due. */
void zone_step(struct zone_entry *zone);
void zone_timer_fired(uv_timer_t *timer);

/** Whether times of this zone can be judged by the clock that the machine has. */
bool zone_clock_is_credible(const struct zone_entry *zone);

/** Whether a signature of such a zone has ended; at the configured time if there is one. */
bool zone_signature_ended(
	const struct zone_entry *zone, const struct image_facts *facts, int64_t now);

/** @return the serial of the version that it has; 0: none */
uint32_t zone_serial(const struct zone_entry *zone);

/** Look at the keys of the version that it has; those known before keep since when (zone_keys.c).
 */
void zone_keys_look(struct zone_entry *zone);

/** As "zone status" tells of them. */
json_t *zone_keys_json(const struct zone_entry *zone);

/** Judge SOA EXPIRE and signatures. @return whether its standing changed */
bool zone_expiry_judge(struct zone_entry *zone);

void zone_event_tell(struct zone_entry *zone, const struct zone_event *event);

/** A zone's first version came, or could not come: rc. */
void zones_started_tell(
	struct zones *zones, struct zone_entry *zone, int rc, const struct why *why);

/** Log, and remember for status. */
__attribute__((format(printf, 3, 4))) void zone_error(
	struct zone_entry *zone, const char *source, const char *format, ...);

/* ---- jobs in the pool (zone_job.c) ---- */

enum zone_job_kind {
	ZONE_JOB_OPEN,	 /* the store, and the version that it has */
	ZONE_JOB_FILE,	 /* build from the master file */
	ZONE_JOB_STORED, /* build from the stored text: proof repeated, or an image that was lost */
	ZONE_JOB_BLOCK,	 /* build from what a primary sent */
	ZONE_JOB_KEEP,	 /* write the version that was taken to disk */
	ZONE_JOB_REFUSED,  /* note a version that was refused */
	ZONE_JOB_CURRENT,  /* note which version is served, refreshed, forced, frozen */
	ZONE_JOB_ROLLBACK, /* open a version that is kept */
};

struct zone_job {
	uv_work_t work;
	struct zone_entry *zone;
	enum zone_job_kind kind;
	/* in */
	struct builder_request request;
	char program[SERVER_PATH_MAX], path[4096], source[STORE_SOURCE_SIZE];
	uint8_t *block; /* owned */
	unsigned int primary;
	bool differences;	      /* the block is IXFR */
	uint32_t serial;	      /* refused, or to be rolled back to */
	bool forced;		      /* taken whatever the serial says */
	struct store_version version; /* in for KEEP, out of OPEN and ROLLBACK */
	struct store_current current;
	int64_t at;
	int text_fd;	    /* for KEEP; -1: none */
	struct image *kept; /* for KEEP; the zone's */
	/* out */
	int rc;
	struct why why, warning;
	struct store *store;
	bool has_current;
	struct builder_result result;
};

/** @return NULL: no memory, which is told as an error of the zone */
struct zone_job *zone_job_new(struct zone_entry *zone, enum zone_job_kind kind);

/** Run it in the pool; `done` (zone.c) is called on the loop. */
void zone_job_start(struct zone_job *job);

/** A job has ended. */
void zone_job_done(struct zone_job *job);

void zone_job_free(struct zone_job *job);

/* ---- transfers (fetch.c) ---- */

/** Find keys, read certificates. @return 0 or -errno */
int primaries_prepare(struct zones *zones, struct why *why);
void primaries_forget(struct zones *zones);

/** Ask a primary; its answer goes to zone_fetched(). @return -errno: it could not begin */
int fetch_start(
	struct zone_entry *zone, unsigned int primary, bool whole, bool anew, struct why *why);

void fetch_cancel(struct zone_entry *zone);

struct fetched {
	enum refresh_standing standing; /* current, newer, lagging, failed */
	uint32_t serial;
	uint8_t *block; /* newer: malloc'ed, the receiver's */
	size_t length;
	bool differences; /* newer: IXFR, else AXFR */
	const char *text; /* for status and log */
};

void zone_fetched(struct zone_entry *zone, unsigned int primary, const struct fetched *fetched);

#endif
