/* SPDX-License-Identifier: BSD-3-Clause */
/* Every file of drivers-config/ is right, whether its NIC is at hand or not. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "port/port.h"

static const char *const expected[] = {"af_xdp", "ena", "i40e", "ice", "ixgbe", "memif", "mlx5",
	"null", "pcap", "ring", "tap", "vhost", "virtio", "virtio_user"};

enum { EXPECTED = sizeof(expected) / sizeof(expected[0]) };

static bool
is_expected(const char *name)
{
	for (size_t i = 0; i < EXPECTED; i++)
		if (strcmp(name, expected[i]) == 0)
			return true;
	return false;
}

/* @return 0 or -errno, after `edit` was done to a file's copy */
static int
driver_try(const char *name, const char *from, const char *to, struct why *why)
{
	char directory[] = "/tmp/port-driver-XXXXXX", path[64], text[8192], line[256];
	struct port_driver *driver = NULL;
	size_t used = 0;
	FILE *file;
	int rc;

	snprintf(path, sizeof(path), "drivers-config/%s.yaml", name);
	file = fopen(path, "r");
	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file)) {
		bool edit = strncmp(line, from, strlen(from)) == 0;

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", edit ? to : line,
			edit ? "\n" : "");
	}
	fclose(file);
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/%s.yaml", directory, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	snprintf(line, sizeof(line), "net_%s", name);
	rc = port_driver_read(directory, line, &driver, why);
	port_driver_free(driver);
	unlink(path);
	rmdir(directory);
	return rc;
}

Test(port_driver, reads_every_file_there_is)
{
	DIR *directory = opendir("drivers-config");
	const struct dirent *entry;
	size_t count = 0;

	cr_assert_not_null(directory);
	while ((entry = readdir(directory))) {
		struct port_driver *driver;
		char name[64], file[64];
		struct why why;

		if (sscanf(entry->d_name, "%63[^.].yaml", file) != 1 ||
			!strstr(entry->d_name, ".yaml"))
			continue;
		count++;
		cr_expect(is_expected(file), "%s", file);
		snprintf(name, sizeof(name), strcmp(file, "mlx5") == 0 ? "%s_pci" : "net_%s", file);
		cr_assert_eq(
			port_driver_read("drivers-config", name, &driver, &why), 0, "%s", why.text);
		port_driver_free(driver);
	}
	closedir(directory);
	cr_expect_eq(count, EXPECTED);
}

Test(port_driver, refuses_a_file_with_a_fault_and_says_where)
{
	static const struct {
		const char *from, *to, *said;
	} faults[] = {
		{"control:", "control: luck", "control"},
		{"control:", "", "control: missing"},
		{"burst:", "burst: 33", "burst: 33 is not in 1..32"},
		{"mbufs:", "mbufs: 1", "mbufs"},
		{"driver:", "driver: net_other", "net_other"},
		{"checksum:", "checksum: maybe", "nic, software, trusted"},
		{"rss:", "rss: [colour]", "rss"},
		{"promiscuous:", "promiscuous: no\ncolour: red", "colour: unknown key"},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct why why = {.text = ""};

		cr_expect_lt(driver_try("memif", faults[i].from, faults[i].to, &why), 0, "%s",
			faults[i].to);
		cr_expect_not_null(
			strstr(why.text, faults[i].said), "%s: \"%s\"", faults[i].to, why.text);
		cr_expect_not_null(strstr(why.text, "memif.yaml:"), "\"%s\"", why.text);
	}
}

Test(port_driver, knows_which_leave_the_kernel_its_part)
{
	struct port_driver *driver;
	struct why why;

	cr_assert_eq(port_driver_read("drivers-config", "net_af_xdp", &driver, &why), 0);
	cr_expect(port_driver_splits(driver));
	port_driver_free(driver);
	cr_assert_eq(port_driver_read("drivers-config", "net_memif", &driver, &why), 0);
	cr_expect(!port_driver_splits(driver));
	port_driver_free(driver);
}
