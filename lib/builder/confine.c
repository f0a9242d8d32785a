/* SPDX-License-Identifier: BSD-3-Clause */
/* What a builder gives up before it looks at what it read. */
#include "builder/builder.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { NOBODY = 65534 };

/* An id that a user namespace does not have cannot be taken: then root is none outside of it. */
static int
nobody_become(struct why *why)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
		setresuid(NOBODY, NOBODY, NOBODY) == 0)
		return 0;
	return errno == EINVAL || errno == EPERM ? 0 : why_errno(why, "becoming nobody");
}

int
builder_confine(struct why *why)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	const struct rlimit no_process = {0};
	pid_t parent = getppid();
	int rc;

	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	rc = nobody_become(why);
	if (rc < 0)
		return rc;
	if (syscall(SYS_capset, &header, none) < 0)
		return why_errno(why, "dropping capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return why_errno(why, "giving up new privileges");
	setrlimit(RLIMIT_NPROC, &no_process);
	/* another user id takes the order back to die with the parent */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return why_set(why, ESRCH, "the parent has died");
	return 0;
}
