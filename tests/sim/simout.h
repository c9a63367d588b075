/* Writes TLVs as the card's issuer does. The contents are ours and fit. */
#ifndef SIM_OUT_H
#define SIM_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_out {
	uint8_t *buf;
	size_t len;
};

void sim_put(struct sim_out *o, const void *bytes, size_t len);
void sim_put_fill(struct sim_out *o, uint8_t value, size_t len);
void sim_put_u16(struct sim_out *o, size_t value);
/* Text, and spaces to so many bytes. */
void sim_put_padded(struct sim_out *o, const char *text, size_t len);
/*
 * Tag and length: one byte below 128, always 82 hh ll from there on, never
 * 81; long_form: 82 hh ll whatever the length.
 */
void sim_put_head(struct sim_out *o, unsigned tag, size_t len, bool long_form);
void sim_put_tlv(
    struct sim_out *o, unsigned tag, const void *value, size_t len);
void sim_put_text(struct sim_out *o, unsigned tag, const char *value);
/* What sim_put_tlv takes with a value of that length. */
size_t sim_tlv_len(size_t len);

#endif
