/*
 * A simulated My Number card: bytes in, bytes out. Applications, files,
 * access conditions, counters and the verified state; no clock, no globals.
 * Written from what is published about the card, without a look at lib/: reader
 * and card shall not share one author's mistakes.
 *
 * What it knows: the text application (券面事項入力補助AP), the visual
 * application (券面事項確認AP), the JPKI application (公的個人認証AP) and the
 * common one (共通カードAP), with all their files and keys, and the card
 * manager. SELECT, READ BINARY, READ RECORD, VERIFY, COMPUTE DIGITAL
 * SIGNATURE (P1 00), INTERNAL AUTHENTICATE, and GET RESPONSE when switched
 * on. Its keys and pictures are files below tests/sim/, read when needed.
 */
#ifndef SIM_CARD_H
#define SIM_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "people.h"
#include "simlog.h"
#include "simswitch.h"

/* The longest response: 65,536 bytes and SW1 SW2. */
#define SIM_RESPONSE_MAX 65538
#define SIM_ATR_MAX 33

struct simcard;

/*
 * A card of that person, powered off, all counters full. switches and log
 * are the caller's, looked at with each command, and outlive the card; either
 * may be NULL. Never fails (aborts without memory).
 */
struct simcard *simcard_new(const struct sim_person *person,
    const struct sim_switches *switches, struct sim_log *log);
void simcard_free(struct simcard **card);

/* Power: off forgets all but the counters. Reset is the warm one. */
void simcard_power_on(struct simcard *card);
void simcard_power_off(struct simcard *card);
void simcard_reset(struct simcard *card);
bool simcard_powered(const struct simcard *card);
/* Returns its length; atr has room for SIM_ATR_MAX. */
size_t simcard_atr(const struct simcard *card, uint8_t *atr);

/*
 * One command, any bytes; one response of at least SW1 SW2 in rsp, which has
 * room for SIM_RESPONSE_MAX. Returns its length, or 0 from a card without
 * power.
 */
size_t simcard_transmit(
    struct simcard *card, const uint8_t *cmd, size_t len, uint8_t *rsp);

const struct sim_person *simcard_person(const struct simcard *card);
int simcard_tries(const struct simcard *card, enum sim_pin pin);
/* 0 to 15. */
void simcard_set_tries(struct simcard *card, enum sim_pin pin, int tries);
bool simcard_verified(const struct simcard *card, enum sim_pin pin);

#endif
