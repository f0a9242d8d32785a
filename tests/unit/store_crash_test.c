/* SPDX-License-Identifier: BSD-3-Clause */
/* A child that changes a store is killed before each of its system calls that change the disk; what
 * is found afterwards is the old state or the new one. And disks that are full or read-only. */
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "store_folder.h"

/* What the child did, "write .2.image.new", "rename .2.image.new 2.image", "sync .", in order. */
struct trace {
	unsigned int count;
	char steps[512][192];
};

/* ---- one run of a child ---- */

static void
child_text(pid_t pid, uint64_t address, char text[static 64])
{
	struct iovec local = {text, 63}, remote = {(void *)(uintptr_t)address, 63};
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	/* at the end of a page fewer octets can be read */
	for (size_t size = 32; got < 0 && size; size /= 2) {
		local.iov_len = remote.iov_len = size;
		got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	}
	text[got < 0 ? 0 : got] = '\0';
}

/* The last part of the name of what a descriptor is. */
static void
child_file(pid_t pid, uint64_t fd, char name[static 64])
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%llu", pid, (unsigned long long)fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	snprintf(name, 64, "%.60s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

/* @return whether the call changes the disk; what it does is noted */
static bool
step_take(pid_t pid, const struct __ptrace_syscall_info *info, struct trace *trace)
{
	const __uint64_t *args = info->entry.args;
	char one[64], other[64], *step = trace->steps[trace->count];

	switch (info->entry.nr) {
	case SYS_write:
		child_file(pid, args[0], one);
		snprintf(step, sizeof(trace->steps[0]), "write %s", one);
		break;
	case SYS_fsync:
		child_file(pid, args[0], one);
		snprintf(step, sizeof(trace->steps[0]), "sync %s", one);
		break;
	case SYS_openat:
		if (!(args[2] & O_CREAT))
			return false;
		child_text(pid, args[1], one);
		snprintf(step, sizeof(trace->steps[0]), "create %s", one);
		break;
	case SYS_renameat:
	case SYS_renameat2:
		child_text(pid, args[1], one);
		child_text(pid, args[3], other);
		snprintf(step, sizeof(trace->steps[0]), "rename %s %s", one, other);
		break;
	case SYS_unlinkat:
	case SYS_mkdirat:
		child_text(pid, args[1], one);
		snprintf(step, sizeof(trace->steps[0]), "%s %s",
			info->entry.nr == SYS_mkdirat ? "mkdir" : "remove", one);
		break;
	default:
		return false;
	}
	trace->count++;
	cr_assert_lt(trace->count, 512);
	return true;
}

/* A change to a store: @return 0 when it is done */
typedef int store_change(const struct folder *folder, const struct sample *samples);

/* Run a change in a child, killed before its step number `last` (from 0). @return whether it came
 * to its end, which must be a good one */
static bool
run_until(store_change *change, const struct folder *folder, const struct sample *samples,
	unsigned int last, struct trace *trace)
{
	pid_t pid = fork();
	bool killed = false;
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(change(folder, samples) ? 1 : 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSTOPPED(status));
	cr_assert_eq(
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	trace->count = 0;
	for (;;) {
		struct __ptrace_syscall_info info;

		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			break;
		if (killed || WSTOPSIG(status) != (SIGTRAP | 0x80) ||
			ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
			info.op != PTRACE_SYSCALL_INFO_ENTRY || !step_take(pid, &info, trace) ||
			trace->count <= last)
			continue;
		kill(pid, SIGKILL);
		killed = true;
	}
	if (killed) {
		cr_assert(WIFSIGNALED(status));
		return false;
	}
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0, "the change fails");
	return true;
}

/* ---- what is found ---- */

static struct store *
reopen(const struct folder *folder, unsigned int keep)
{
	struct store *store = NULL;
	struct why warning;

	cr_assert_eq(folder_open_store(folder, keep, &store, &warning), 0, "%s", warning.text);
	cr_expect_str_eq(warning.text, "", "nothing may look damaged");
	return store;
}

/* All that is held is whole, nothing else lies about. @return mark of the current version, or 0 */
static unsigned int
state_of(const struct folder *folder, unsigned int keep)
{
	struct store *store = reopen(folder, keep);
	struct store_version *versions;
	struct store_current current = {0};
	unsigned int count, mark = 0, files = 0;

	cr_assert_eq(store_history(store, &versions, &count), 0);
	for (unsigned int i = 0; i < count; i++) {
		cr_expect_neq(version_mark(store, versions[i].serial), 0, "serial %u",
			versions[i].serial);
		files += 3;
	}
	free(versions);
	if (store_current(store, &current) == 0) {
		mark = version_mark(store, current.serial);
		files += !current.recovered;
	}
	cr_expect_eq(folder_count(folder), files);
	store_close(store);
	return mark;
}

/* What was written is on disk before a name says so, and names before what counts on them. */
static void
order_check(const struct trace *trace)
{
	bool names_synced = true;

	for (unsigned int i = 0; i < trace->count; i++) {
		char from[64], to[64], written[80], synced[80];
		bool is_synced = false;

		if (strcmp(trace->steps[i], "sync test") == 0)
			names_synced = true;
		if (sscanf(trace->steps[i], "rename %63s %63s", from, to) != 2)
			continue;
		snprintf(written, sizeof(written), "write %s", from);
		snprintf(synced, sizeof(synced), "sync %s", from);
		for (unsigned int j = 0; j < i; j++) {
			if (strcmp(trace->steps[j], written) == 0)
				is_synced = false;
			if (strcmp(trace->steps[j], synced) == 0)
				is_synced = true;
		}
		cr_expect(is_synced, "%s before it was synced", trace->steps[i]);
		if (strstr(to, ".json"))
			cr_expect(names_synced, "%s before the names were", trace->steps[i]);
		names_synced = false;
	}
	cr_expect(names_synced, "the last name is not on disk");
}

/* Kill at each step, on a fresh store each time: `before` until some step, `after` from there on.
 */
static void
kill_at_each_step(store_change *prepare, store_change *change, unsigned int keep,
	unsigned int before, unsigned int after)
{
	static struct trace trace;
	unsigned int last = 0, seen = before;
	struct sample samples[4];
	bool done = false;

	cr_assert_geq(sodium_init(), 0);
	for (unsigned int i = 0; i < 4; i++)
		sample_make(&samples[i], 1 + i / 2, i + 1);
	for (; !done; last++) {
		struct folder folder;
		unsigned int state;

		folder_make(&folder, "/tmp");
		if (prepare)
			cr_assert_eq(prepare(&folder, samples), 0);
		done = run_until(change, &folder, samples, last, &trace);
		state = state_of(&folder, keep);
		cr_expect(state == seen || state == after, "version %u after step %u, %s", state,
			last, trace.count ? trace.steps[trace.count - 1] : "");
		seen = state;
		/* and it goes on from there */
		cr_expect_eq(change(&folder, samples), 0);
		cr_expect_eq(state_of(&folder, keep), after);
		folder_remove(&folder);
	}
	cr_expect_eq(seen, after, "the change has come to its end");
	cr_expect_gt(last, 10);
	order_check(&trace);
	for (unsigned int i = 0; i < 4; i++)
		sample_free(&samples[i]);
}

/* ---- changes; samples: 0 and 1 have serial 1, 2 and 3 serial 2 ---- */

static int
put_and_serve(const struct folder *folder, const struct sample *sample, unsigned int keep)
{
	struct image_facts facts;
	struct store *store;
	struct why why;
	int rc = folder_open_store(folder, keep, &store, &why);

	if (rc < 0)
		return rc;
	image_facts(sample->image, &facts);
	rc = sample_put(store, sample, 1000, &why);
	if (rc == 0)
		rc = serial_serve(store, facts.serial, 1000, &why);
	if (rc == 0)
		rc = refresh_note(store, 2000, "primary 198.18.0.7", &why);
	store_close(store);
	return rc;
}

static int
put_first(const struct folder *folder, const struct sample *samples)
{
	return put_and_serve(folder, &samples[0], 5);
}

static int
put_other_content(const struct folder *folder, const struct sample *samples)
{
	return put_and_serve(folder, &samples[1], 5);
}

static int
put_second(const struct folder *folder, const struct sample *samples)
{
	return put_and_serve(folder, &samples[2], 5);
}

static int
put_first_of_one(const struct folder *folder, const struct sample *samples)
{
	return put_and_serve(folder, &samples[0], 1);
}

static int
put_second_of_one(const struct folder *folder, const struct sample *samples)
{
	return put_and_serve(folder, &samples[2], 1);
}

Test(store_crash, of_the_first_version_leaves_none_or_it)
{
	kill_at_each_step(NULL, put_first, 5, 0, 1);
}

Test(store_crash, of_a_new_version_leaves_the_old_or_the_new_one)
{
	kill_at_each_step(put_first, put_second, 5, 1, 3);
}

Test(store_crash, of_the_same_serial_leaves_the_old_or_the_new_content)
{
	kill_at_each_step(put_first, put_other_content, 5, 1, 2);
}

Test(store_crash, while_old_versions_go_leaves_the_current_one)
{
	kill_at_each_step(put_first_of_one, put_second_of_one, 1, 1, 3);
}

/* ---- disks that do not take it ---- */

/* @return false: this kernel lets us mount nothing */
static bool
own_mounts(void)
{
	uid_t uid = geteuid();

	if (uid == 0)
		return unshare(CLONE_NEWNS) == 0 &&
		       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Each test is a process of its own, so its mounts go with it. */
static void
tiny_disk(struct folder *folder, unsigned int size_kib)
{
	char options[64];

	folder_make(folder, "/tmp");
	snprintf(options, sizeof(options), "size=%uk,mode=0700", size_kib);
	cr_assert_eq(mount("none", folder->path, "tmpfs", 0, options), 0);
}

static void
disk_end(const struct folder *folder)
{
	umount2(folder->path, MNT_DETACH);
	rmdir(folder->path);
}

Test(store_crash, does_not_come_of_a_full_disk)
{
	struct sample one, two;
	struct folder folder;
	struct store *store;
	unsigned int failed = 0, taken = 0, step_kib;
	struct image_facts facts;
	struct why why;

	cr_assert_geq(sodium_init(), 0);
	if (!own_mounts())
		cr_skip_test("no mounts of our own");
	sample_make(&one, 1, 1);
	sample_make(&two, 2, 3);
	image_facts(one.image, &facts);
	step_kib = (unsigned int)(facts.size >> 10) / 5 + 1;
	/* from room for nothing to room for all */
	for (unsigned int size_kib = 4; size_kib <= 16 * step_kib; size_kib += step_kib) {
		unsigned int state;

		tiny_disk(&folder, size_kib);
		if (folder_open_store(&folder, 5, &store, &why) == 0) {
			int rc = sample_put(store, &one, 1000, &why);

			state = 0;
			if (rc == 0 && serial_serve(store, 1, 1000, &why) == 0) {
				state = 1;
				rc = sample_put(store, &two, 1000, &why);
				if (rc == 0 && serial_serve(store, 2, 1000, &why) == 0)
					state = 3;
			}
			if (rc == -ENOSPC) {
				failed++;
				cr_expect(strstr(why.text, "No space left"), "%s", why.text);
			} else {
				taken++;
			}
			store_close(store);
			if (state)
				cr_expect_eq(state_of(&folder, 5), state, "%u KiB", size_kib);
		}
		disk_end(&folder);
	}
	cr_expect_gt(failed, 3);
	cr_expect_gt(taken, 3);
	sample_free(&one);
	sample_free(&two);
}

Test(store_crash, does_not_come_of_files_that_may_not_grow)
{
	struct rlimit limit;
	struct folder folder;
	struct store *store;
	struct sample one, two;
	struct why why;

	cr_assert_geq(sodium_init(), 0);
	folder_make(&folder, "/tmp");
	sample_make(&one, 1, 1);
	sample_make(&two, 2, 3);
	cr_assert_eq(put_and_serve(&folder, &one, 5), 0);
	store = reopen(&folder, 5);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &limit);
	cr_expect_eq(sample_put(store, &two, 1000, &why), -EFBIG);
	cr_expect_eq(refresh_note(store, 7777, "x", &why), -EFBIG);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	cr_expect_eq(version_mark(store, 1), 1);
	store_close(store);
	cr_expect_eq(state_of(&folder, 5), 1);
	cr_expect_eq(put_and_serve(&folder, &two, 5), 0);
	cr_expect_eq(state_of(&folder, 5), 3);
	sample_free(&one);
	sample_free(&two);
	folder_remove(&folder);
}

Test(store_crash, does_not_come_of_a_read_only_disk)
{
	struct store_current current;
	struct sample one, two;
	struct folder folder;
	struct store *store;
	struct why why;

	cr_assert_geq(sodium_init(), 0);
	if (!own_mounts())
		cr_skip_test("no mounts of our own");
	sample_make(&one, 1, 1);
	sample_make(&two, 2, 3);
	tiny_disk(&folder, 1024);
	cr_assert_eq(put_and_serve(&folder, &one, 5), 0);
	cr_assert_eq(mount("none", folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	cr_assert_eq(folder_open_store(&folder, 5, &store, &why), 0, "%s", why.text);
	cr_expect(strstr(why.text, "Read-only"), "%s", why.text);
	cr_expect_eq(sample_put(store, &two, 1000, &why), -EROFS);
	cr_expect(strstr(why.text, "Read-only"), "%s", why.text);
	cr_expect_eq(refresh_note(store, 7777, "x", &why), -EROFS);
	cr_expect_eq(store_refused(store, 5, 7777, "x", "y", &why), -EROFS);
	cr_assert_eq(store_current(store, &current), 0);
	cr_expect_eq(current.refreshed_at, 2000);
	cr_expect_eq(version_mark(store, 1), 1);
	store_close(store);
	disk_end(&folder);
	/* nothing there yet: an error, and a clear one */
	tiny_disk(&folder, 1024);
	cr_assert_eq(mount("none", folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	cr_expect_eq(folder_open_store(&folder, 5, &store, &why), -EROFS);
	disk_end(&folder);
	sample_free(&one);
	sample_free(&two);
}
