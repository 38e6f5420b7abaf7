// Which code runs: what the processor has, and what is fastest on it.
//
// SHA extensions beat AVX-512 lanes on some processors and not on others, and neither CPUID nor the model says
// which, so the automatic choice is a measurement: each candidate hashes a few kibibytes of zeros.

// For the monotonic clock under a strict language standard.
#define _POSIX_C_SOURCE 200809L

#include "sha256_internal.h"

#include <stdatomic.h>
#include <time.h>

#if BELAY_SHA256_X86
#include <cpuid.h>
#endif

const belay_engine belay_sha256_engines[BELAY_SHA256_IMPLEMENTATION_COUNT] = {
    [BELAY_SHA256_PORTABLE] = {"portable", belay_sha256_compress_portable, 1, 1, 8},
#if BELAY_SHA256_X86
    [BELAY_SHA256_SHANI] = {"SHA-NI", belay_sha256_compress_shani, 2, 1, 8},
    [BELAY_SHA256_AVX2] = {"AVX2", belay_sha256_compress_avx2, 8, 8, 1},
    [BELAY_SHA256_AVX512] = {"AVX-512", belay_sha256_compress_avx512, 16, 16, 1},
#endif
};

#if BELAY_SHA256_X86

/// The register state that the operating system saves, XCR0. Needs OSXSAVE.
static uint64_t saved_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static uint32_t detect(void) {
    uint32_t found = 0, a, b, c, d, b7, c7, d7;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) { return 0; }
    if (b7 & bit_SHA && c & bit_SSE4_1) { found |= 1u << BELAY_SHA256_SHANI; }
    if (!(c & bit_OSXSAVE)) { return found; }
    // Bits 1 and 2: XMM and YMM; 5 to 7: the mask registers and what AVX-512 adds.
    uint64_t saved = saved_state();
    if ((saved & 0x06) != 0x06) { return found; }
    if (b7 & bit_AVX2) { found |= 1u << BELAY_SHA256_AVX2; }
    if ((saved & 0xE0) == 0xE0 && b7 & bit_AVX512F && b7 & bit_AVX512BW) {
        found |= 1u << BELAY_SHA256_AVX512;
    }
    return found;
}

#else

static uint32_t detect(void) { return 0; }

#endif

uint32_t belay_sha256_available(void) {
    // CPUID traps to the hypervisor in a virtual machine and takes microseconds there, so it is asked once.
    // Threads that ask at the same time find the same.
    static _Atomic uint32_t known;
    uint32_t found = atomic_load_explicit(&known, memory_order_relaxed);
    if (found == 0) {
        found = detect() | 1u << BELAY_SHA256_AUTOMATIC | 1u << BELAY_SHA256_PORTABLE;
        atomic_store_explicit(&known, found, memory_order_relaxed);
    }
    return found;
}

static uint64_t now_nanoseconds(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) { return 0; }
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// Nanoseconds for 32 blocks in each lane of an engine: the best of a few runs, which no interruption slows.
static uint64_t measure(const belay_engine *engine) {
    static const uint8_t zeros[32 * BELAY_BLOCK];
    _Alignas(64) uint32_t state[8 * BELAY_LANES_MAX] = {0};
    const uint8_t *data[BELAY_LANES_MAX];
    for (int i = 0; i < BELAY_LANES_MAX; i++) { data[i] = zeros; }
    uint64_t best = UINT64_MAX, begin = now_nanoseconds(), last = begin;
    // The first runs also wake the wide units of the processor. 0.2 ms is enough for all eight in optimized
    // code, and the limit for builds without optimization.
    for (int run = 0; run < 8 && last - begin < 200000; run++) {
        uint64_t start = now_nanoseconds();
        engine->compress(state, data, engine->lanes, 32);
        last = now_nanoseconds();
        if (last - start < best) { best = last - start; }
    }
    return best > 0 ? best : 1;
}

/// How many buffers are left when `narrow` is faster than the lanes of `wide`, idle ones included.
static uint8_t break_even(int wide, uint64_t wide_time, int narrow, uint64_t narrow_time) {
    if (wide == narrow) { return 0; }
    uint64_t narrow_lanes = belay_sha256_engines[narrow].lanes, lanes = belay_sha256_engines[wide].lanes;
    uint64_t buffers = wide_time * narrow_lanes / narrow_time;
    return (uint8_t)(buffers < lanes ? buffers : lanes - 1);
}

static belay_plan measured_plan(void) {
    uint32_t available = belay_sha256_available();
    int narrow = available >> BELAY_SHA256_SHANI & 1 ? BELAY_SHA256_SHANI : BELAY_SHA256_PORTABLE;
    uint64_t narrow_time = measure(&belay_sha256_engines[narrow]);
    int wide = narrow;
    uint64_t wide_time = narrow_time;
    for (int candidate = BELAY_SHA256_AVX2; candidate <= BELAY_SHA256_AVX512; candidate++) {
        if (!(available >> candidate & 1)) { continue; }
        uint64_t time = measure(&belay_sha256_engines[candidate]);
        // Time for each buffer, without dividing.
        if (time * belay_sha256_engines[wide].lanes < wide_time * belay_sha256_engines[candidate].lanes) {
            wide = candidate;
            wide_time = time;
        }
    }
    return (belay_plan){
        (uint8_t)wide, (uint8_t)narrow, break_even(wide, wide_time, narrow, narrow_time)};
}

static belay_plan automatic_plan(void) {
    // Threads that measure at the same time may come to different plans; each of them is right.
    static _Atomic uint32_t known;
    uint32_t packed = atomic_load_explicit(&known, memory_order_relaxed);
    if (packed == 0) {
        belay_plan plan = measured_plan();
        packed = (uint32_t)plan.wide | (uint32_t)plan.narrow << 8 | (uint32_t)plan.narrow_at << 16;
        atomic_store_explicit(&known, packed, memory_order_relaxed);
    }
    return (belay_plan){(uint8_t)packed, (uint8_t)(packed >> 8), (uint8_t)(packed >> 16)};
}

belay_plan belay_sha256_plan(int implementation) {
    switch (implementation) {
    case BELAY_SHA256_AUTOMATIC: return automatic_plan();
    // A step of either takes as long as between two and three blocks of plain C.
    case BELAY_SHA256_AVX2:
    case BELAY_SHA256_AVX512: return (belay_plan){(uint8_t)implementation, BELAY_SHA256_PORTABLE, 2};
    default: return (belay_plan){(uint8_t)implementation, (uint8_t)implementation, 0};
    }
}

int belay_sha256_chosen(void) { return automatic_plan().wide; }

const char *belay_sha256_name(int implementation) {
    if (implementation == BELAY_SHA256_AUTOMATIC) { return "automatic"; }
    if (implementation < 0 || implementation >= BELAY_SHA256_IMPLEMENTATION_COUNT) { return "unknown"; }
    const char *name = belay_sha256_engines[implementation].name;
    return name ? name : "unknown";
}
