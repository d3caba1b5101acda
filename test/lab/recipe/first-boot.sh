# Runs on the lab host, booted without GRUB: the build machine's kernel may read no partition tables of a file.
set -e
grub-install /dev/vda
update-grub
# One that was made on the build machine holds other files than those that tests make and compare with it.
update-initramfs -u
sync
