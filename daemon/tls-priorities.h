/*
 * What our servers speak: TLS 1.3, and 1.2 for tools, with forward secrecy
 * and AEAD.
 */
#ifndef TLS_PRIORITIES_H
#define TLS_PRIORITIES_H

#define TLS_PRIORITIES                                                         \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"                           \
	":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"                                     \
	":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"            \
	":-MAC-ALL:+AEAD"

#endif
