//===- SupportBitcode.cpp - The bitcode of the support functions ----------===//
//
// Puts the file that the build makes of support/ into the library.
//
//===----------------------------------------------------------------------===//

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl polytileCpuSupportBegin\n"
        ".hidden polytileCpuSupportBegin\n"
        "polytileCpuSupportBegin:\n"
        ".incbin \"" POLYTILE_CPU_SUPPORT_BITCODE "\"\n"
        ".globl polytileCpuSupportEnd\n"
        ".hidden polytileCpuSupportEnd\n"
        "polytileCpuSupportEnd:\n"
        ".byte 0\n"
        ".text\n");
