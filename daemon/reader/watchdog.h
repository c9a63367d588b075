/*
 * Ends this process when a call into pcscd blocks: there is no other way out
 * of a transaction that another program does not give back (house rule: a
 * process can be killed, a thread in SCardTransmit cannot). pcscd then resets
 * the card that was held, so that no verified PIN stays.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>

#include "wire.h"

/*
 * After timeout_ms without another call here, says WIRE_FAILED with code on
 * wire_fd and exits the process with status 1. 0 or -errno.
 */
int watchdog_start(int wire_fd, uint32_t timeout_ms, enum read_code code);
void watchdog_stop(void);
/* From now on what ends the process here is said to the voice, too, before the
 * door hears it. */
void watchdog_voice(int voice_fd);

/*
 * While a reader takes a PIN: the first thing that is said on voice_fd ends
 * the process after WIRE_FAILED on wire_fd: CODE_PIN_CANCELLED when somebody
 * pressed Cancel (ANSWER_NO), CODE_PROMPT_UNAVAILABLE for everything else and
 * when the voice is gone. 0 or -errno.
 */
int watchdog_listen(int voice_fd, int wire_fd);
void watchdog_deafen(int voice_fd);

#endif
