/* Start-up of a bare Cortex-M4, and text out of the emulator by semihosting. */
#include <stdint.h>

extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];
int main(void);

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void say(const char *text) { semihost(0x04, text); }

void say_number(uint32_t n)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at = 0;
    do *--at = (char)('0' + n % 10); while (n /= 10);
    say(at);
}

void reset(void)
{
    uint32_t *to;
    const uint32_t *from = data_from;
    for (to = data_begin; to < data_end; ++to) *to = *from++;
    for (to = bss_begin; to < bss_end; ++to) *to = 0;
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* floating point on */
    __asm__ volatile("dsb\nisb");
    main();
    semihost(0x18, (const void *)0x20026); /* ended as it should */
    for (;;) {
    }
}

static void fault(void)
{
    say("fault\n");
    semihost(0x18, (const void *)0x20024);
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {(void (*)(void))stack_top, reset, fault, fault,
                                                                                   fault, fault, fault};
