package storage

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// fuseMagic is the magic number of every file system that runs as a program. Only the
// mount table has its name.
const fuseMagic = 0x65735546

// networkMagic returns the name of the file system with a magic number of statfs(2), if
// several machines can have the same file open on it (linux/magic.h).
func networkMagic(magic uint32) string {
	return map[uint32]string{
		0x00006969: "nfs",
		0x0000517b: "smb",
		0xfe534d42: "smb2",
		0xff534d42: "cifs",
		0x01021997: "9p",
		0x5346414f: "afs",
		0x6b414653: "afs",
		0x73757245: "coda",
		0x00c36400: "ceph",
		0x0bd00bd0: "lustre",
		0x47504653: "gpfs",
		0x01161970: "gfs2",
		0x7461636f: "ocfs2",
		0x19830326: "fhgfs",
	}[magic]
}

// networkFuse reports whether a FUSE program stores files on another machine. The other
// programs (mergerfs, ntfs-3g, encrypted folders, container desktops) are local.
func networkFuse(fsType string) bool {
	name := strings.TrimPrefix(fsType, "fuse.")
	switch name {
	case "sshfs", "s3fs", "gcsfuse", "rclone", "glusterfs", "davfs", "davfs2", "ceph", "ceph-fuse", "cephfs", "smbnetfs",
		"juicefs", "JuiceFS", "seaweedfs", "goofys", "mountpoint-s3", "blobfuse", "blobfuse2", "curlftpfs", "moosefs", "mfs":
		return true
	}
	return false
}

// networkFileSystem returns the name of the network file system of dir, or "" if dir is
// local.
func networkFileSystem(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return "", &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	magic := uint32(stat.Type) //nolint:gosec // it has 32 bits; some platforms sign-extend it
	if magic != fuseMagic {
		return networkMagic(magic), nil
	}
	var info syscall.Stat_t
	if err := syscall.Stat(dir, &info); err != nil {
		return "", &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", nil // Without a mount table the file system is taken as local.
	}
	defer func() { _ = mounts.Close() }()
	fsType, err := mountedType(mounts, uint64(info.Dev)) //nolint:unconvert // its type differs between platforms
	if err != nil || !networkFuse(fsType) {
		return "", err
	}
	return fsType, nil
}

// mountedType returns the type of the file system of a device, from a mount table with
// lines such as this one (proc_pid_mountinfo(5)):
//
//	36 35 0:43 / /mnt/data rw,noatime shared:1 - fuse.sshfs host:/data rw
func mountedType(mountinfo io.Reader, dev uint64) (string, error) {
	// The kernel's own packing of major and minor numbers (gnu_dev_major(3)).
	major := (dev>>8)&0xfff | (dev>>32)&^uint64(0xfff)
	minor := dev&0xff | (dev>>12)&^uint64(0xff)
	device := fmt.Sprintf("%d:%d", major, minor)
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		mount, fsys := strings.Fields(before), strings.Fields(after)
		if ok && len(mount) > 2 && len(fsys) > 0 && mount[2] == device {
			return fsys[0], nil
		}
	}
	return "", lines.Err()
}
