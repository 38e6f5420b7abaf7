/// SHA-256 (FIPS 180-4) of many independent buffers at once, and the cut search of the chunker.
///
/// One SHA-256 stream is a chain of dependent additions and leaves most of a core idle. Independent
/// buffers do not depend on each other, so several of them are hashed side by side in the lanes of wide
/// registers, or interleaved where the processor has SHA extensions.

#ifndef CBELAYHASH_H
#define CBELAYHASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The code that hashes. The numbers are bit positions in `belay_sha256_available`.
enum {
    /// Whatever is fastest on this processor, found by measuring at the first call.
    BELAY_SHA256_AUTOMATIC = 0,
    /// Plain C, one buffer at a time, on every processor.
    BELAY_SHA256_PORTABLE = 1,
    /// x86-64 SHA extensions, two buffers interleaved.
    BELAY_SHA256_SHANI = 2,
    /// x86-64 AVX2, eight buffers in lanes.
    BELAY_SHA256_AVX2 = 3,
    /// x86-64 AVX-512 (F and BW), sixteen buffers in lanes.
    BELAY_SHA256_AVX512 = 4,
    BELAY_SHA256_IMPLEMENTATION_COUNT = 5
};

/// The implementations that this processor and operating system can run, bit `1 << number` each.
///
/// The bits of the automatic and the portable one are always set.
uint32_t belay_sha256_available(void);

/// The implementation that the automatic one uses for many buffers.
///
/// The first call measures for less than a millisecond; the result is kept for the life of the process.
int belay_sha256_chosen(void);

/// A short constant name for people, such as "AVX-512".
const char *belay_sha256_name(int implementation);

/// Writes the SHA-256 of `inputs[i]`, `lengths[i]` bytes long, to `digests[i]`, for every `i` below `count`.
///
/// Any count and any mix of lengths will do; the more buffers, the fuller the lanes. An input of length 0
/// may be a null pointer. The inputs are only read, the call allocates nothing, and any number of threads
/// may call at once. A lane implementation that is asked for by name leaves the last few buffers to plain C,
/// as it would on a processor that has only this extension; the automatic one uses what is fastest for them.
///
/// Returns `count`, or 0 without writing anything if the processor lacks `implementation`.
size_t belay_sha256_many(
    const uint8_t *const *inputs, const size_t *lengths, size_t count, uint8_t (*digests)[32],
    int implementation);

/// The same for buffers that lie in one block of memory: input `i` starts at `base + offsets[i]`.
size_t belay_sha256_ranges(
    const uint8_t *base, const size_t *offsets, const size_t *lengths, size_t count, uint8_t (*digests)[32],
    int implementation);

/// Bytes of a Rabin fingerprint of 53 bits, moved left by three.
#define BELAY_CUT_PLANES 7

/// What the wide cut search multiplies by: 8 by 8 bit matrices in the order of the instruction, where byte 7 - i
/// makes bit i of the result.
typedef struct {
    /// What the top byte adds, once shifted out, to each byte of the next fingerprint.
    uint64_t top[BELAY_CUT_PLANES];
    /// What the byte that leaves the window adds.
    uint64_t out[BELAY_CUT_PLANES];
    /// What the byte that enters adds to the lowest two.
    uint64_t in[2];
    /// The bits that are zero at a cut, in the lowest three bytes.
    uint8_t mask[3];
} belay_cut_tables;

/// Stretches that `belay_cut_search` searches side by side.
#define BELAY_CUT_LANES 64

/// Whether this processor and operating system can run `belay_cut_search`: it takes AVX-512 (F and BW) and GFNI.
int belay_cut_available(void);

/// The least n with start <= n < start + 64 * stretch such that the 64 bytes before `bytes + n` have a fingerprint
/// that matches; 0 if there is none.
///
/// `start` is at least 64, `stretch` a multiple of 64, and `start + 64 * stretch` bytes can be read.
size_t belay_cut_search(const uint8_t *bytes, size_t start, size_t stretch, const belay_cut_tables *tables);

#ifdef __cplusplus
}
#endif

#endif
