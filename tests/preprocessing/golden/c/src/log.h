#pragma once

void log_line(const char *text);
void *log_alloc(unsigned long size);
