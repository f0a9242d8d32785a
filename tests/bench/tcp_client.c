/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP clients from many addresses: `once` asks each question on a connection of its own, as many at
 * a time as told; `hold` opens connections, asks once on each, and keeps them until its input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, SOURCES = 200, PER_ROUND = 64, PATIENCE_S = 5 };

/* `random label. A`, DO; the label is made for each */
enum { LABEL_OFFSET = 15, LABEL_LENGTH = 9 };
static const uint8_t pattern[] = {0, 38, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, LABEL_LENGTH, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0};

static struct sockaddr_in server;
static uint32_t source_first; /* 198.18.128.1 and up: any address of a local route */
static unsigned int turn;
static uint64_t answered, failed;
static int loop;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
stop(const char *what)
{
	perror(what);
	exit(1);
}

static int
connect_start(void)
{
	struct sockaddr_in source = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(source_first + turn++ % SOURCES)};
	struct epoll_event event = {.events = EPOLLOUT};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		stop("socket");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		stop("bind");
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0 && errno != EINPROGRESS)
		stop("connect");
	event.data.fd = fd;
	if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) < 0)
		stop("epoll_ctl");
	return fd;
}

/* @return false: the connection is no good */
static bool
query_send(int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	uint8_t query[sizeof(pattern)];

	memcpy(query, pattern, sizeof(query));
	for (unsigned int i = 0; i < LABEL_LENGTH; i++)
		query[LABEL_OFFSET + i] = (uint8_t)('a' + random() % 26);
	return send(fd, query, sizeof(query), MSG_NOSIGNAL) == sizeof(query) &&
	       epoll_ctl(loop, EPOLL_CTL_MOD, fd, &event) == 0;
}

/* @return whether the answer, which fits a segment, is there */
static bool
answer_take(int fd)
{
	uint8_t answer[4096];
	ssize_t count = recv(fd, answer, sizeof(answer), 0);

	return count > 2 && (answer[0] << 8 | answer[1]) == count - 2 && answer[2] == 0 &&
	       answer[3] == 1;
}

/* @return whether the connection did what it was made for, one way or the other */
static bool
event_take(const struct epoll_event *event)
{
	int fd = event->data.fd;

	if (event->events & EPOLLOUT && !(event->events & (EPOLLERR | EPOLLHUP)) && query_send(fd))
		return false;
	if (event->events & EPOLLIN && answer_take(fd))
		answered++;
	else
		failed++;
	return true;
}

static void
once(unsigned int at_a_time, double seconds)
{
	struct epoll_event events[EVENTS];
	double begin = now(), end = begin + seconds;
	unsigned int open;

	for (open = 0; open < at_a_time; open++)
		connect_start();
	while (open) {
		int count = epoll_wait(loop, events, EVENTS, 1000);

		if (count <= 0 && now() > end + PATIENCE_S)
			break;
		for (int i = 0; i < count; i++) {
			if (!event_take(&events[i]))
				continue;
			close(events[i].data.fd);
			if (now() < end)
				connect_start();
			else
				open--;
		}
	}
	printf("answered %llu failed %llu seconds %.3f\n", (unsigned long long)answered,
		(unsigned long long)(failed + open), now() - begin);
}

/* Wait until all that were opened have asked and got their answer. */
static void
hold_settle(unsigned int opened)
{
	struct epoll_event events[EVENTS], none = {.events = 0};
	double end = now() + PATIENCE_S;

	while (answered + failed < opened && now() < end) {
		int count = epoll_wait(loop, events, EVENTS, 100);

		for (int i = 0; i < count; i++)
			if (event_take(&events[i]))
				epoll_ctl(loop, EPOLL_CTL_MOD, events[i].data.fd, &none);
	}
}

static void
hold(unsigned int wanted)
{
	unsigned int closed = 0;
	char octet;

	for (unsigned int opened = 0; opened < wanted;) {
		for (unsigned int i = 0; i < PER_ROUND && opened < wanted; i++, opened++)
			connect_start();
		hold_settle(opened);
	}
	printf("open %u answered %llu failed %llu\n", wanted, (unsigned long long)answered,
		(unsigned long long)failed);
	fflush(stdout);
	while (read(STDIN_FILENO, &octet, 1) > 0)
		;
	/* which of them did the server close meanwhile? */
	for (int fd = loop + 1; fd <= loop + (int)wanted; fd++)
		if (recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			closed++;
	printf("closed %u\n", closed);
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	if (argc != 6 || (strcmp(argv[1], "once") != 0 && strcmp(argv[1], "hold") != 0) ||
		inet_pton(AF_INET, argv[2], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: tcp_client once|hold ADDRESS PORT COUNT SECONDS\n");
		return 2;
	}
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(argv[3]));
	source_first = 198u << 24 | 18u << 16 | 128u << 8 | 1;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	loop = epoll_create1(0);
	if (strcmp(argv[1], "once") == 0)
		once((unsigned int)atoi(argv[4]), atof(argv[5]));
	else
		hold((unsigned int)atoi(argv[4]));
	return 0;
}
