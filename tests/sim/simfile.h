/* What stands in the files of a simulated card. */
#ifndef SIM_FILE_H
#define SIM_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "people.h"
#include "simswitch.h"

#define SIM_FILE_MAX 32768 /* READ BINARY has 15 bits of offset */

/*
 * Writes a file's bytes into buf (SIM_FILE_MAX) and returns how many; 0: the
 * person's card has no such file.
 */
typedef size_t (*sim_file_build)(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf);

size_t sim_file_my_number(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_attributes(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_digests(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_text_info(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_sign_cert(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_auth_cert(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_ca_cert(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_token(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);
size_t sim_file_issued(
    const struct sim_person *, const struct sim_switches *, uint8_t *buf);

#endif
