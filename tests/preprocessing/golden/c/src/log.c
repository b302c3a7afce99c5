#include "log.h"

#include <stdio.h>
#include <stdlib.h>

typedef void (*command_fn)(const char *);

struct command {
	const char *name;
	command_fn run;
};

static void clear(const char *text);

static const struct command commands[] = {
	{"line", log_line},
	{.name = "clear", .run = &clear},
};

void log_line(const char *text) { puts(text); }

static void clear(const char *text)
{
	(void)text;
}

void run_command(int number)
{
	const struct command *one = &commands[number];
	one->run("x");
	commands[number].run("y");
}

void *log_alloc(unsigned long size) { return calloc(1, size); }
