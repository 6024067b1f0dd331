/* libical as a peer: parses a feed and expands every event within a window.
   A moved instance replaces one that its series counts already, which libical leaves to its caller: it is not counted.
   usage: libical FILE FROM TO (seconds since 1970). Prints one line of JSON. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct window { time_t from, to; long instances; };

static void count(icalcomponent *event, struct icaltime_span *span, void *data)
{
    struct window *window = data;
    (void)event;
    if (span->start < window->to && span->end > window->from)
        window->instances++;
}

static char *whole(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file) { perror(name); exit(1); }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    if (!text || fread(text, 1, size, file) != (size_t)size) { perror(name); exit(1); }
    text[size] = 0;
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    if (argc != 4) { fprintf(stderr, "usage: libical FILE FROM TO\n"); return 1; }
    char *text = whole(argv[1]);
    struct window window = { atol(argv[2]), atol(argv[3]), 0 };
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    double before = clock() / (double)CLOCKS_PER_SEC;
    icalcomponent *calendar = icalparser_parse_string(text);
    if (!calendar) { fprintf(stderr, "not parsed\n"); return 1; }
    struct icaltimetype from = icaltime_from_timet_with_zone(window.from, 0, icaltimezone_get_utc_timezone());
    struct icaltimetype to = icaltime_from_timet_with_zone(window.to, 0, icaltimezone_get_utc_timezone());
    for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
        if (!icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY))
            icalcomponent_foreach_recurrence(event, from, to, count, &window);
    clock_gettime(CLOCK_MONOTONIC, &end);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = clock() / (double)CLOCKS_PER_SEC - before;
    double seconds = (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9;
    printf("{\"wall_s\":%.4f,\"cpu_s\":%.4f,\"peak_mb\":%.1f,\"instances\":%ld}\n", seconds, cpu, usage.ru_maxrss / 1024.0, window.instances);
    return 0;
}
