package vm

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// Screenshot writes what the screen shows to a PNG file.
func (v *VM) Screenshot(ctx context.Context, path string) error {
	// QEMU has a working directory of its own.
	whole, err := filepath.Abs(path)
	if err == nil {
		err = v.Monitor.Execute(ctx, "screendump", map[string]any{"filename": whole, "format": "png"}, nil)
	}
	if err != nil {
		return fmt.Errorf("virtual machine: picture %s: %w", path, err)
	}
	return nil
}

// held is how long a finger or a key stays down: longer than a frame of a slow machine.
const held = 120 * time.Millisecond

// inputRange is QEMU's: an absolute axis goes from 0 to this (qapi/ui.json).
const inputRange = 0x7fff

// Touch presses the screen once at a place that is given as parts of its width and height, 0 to 1, and lets go.
func (v *VM) Touch(ctx context.Context, x, y float64) error {
	at := []map[string]any{
		inputEvent("abs", map[string]any{"axis": "x", "value": int(x * inputRange)}),
		inputEvent("abs", map[string]any{"axis": "y", "value": int(y * inputRange)}),
	}
	press := func(down bool) []map[string]any {
		return []map[string]any{inputEvent("btn", map[string]any{"button": "left", "down": down})}
	}
	return v.send(ctx, at, press(true), press(false))
}

// Keys presses a chord on the USB keyboard and lets go. The names are QEMU's QKeyCode: "ctrl", "alt", "f1", "delete", "sysrq".
func (v *VM) Keys(ctx context.Context, names ...string) error {
	var steps [][]map[string]any
	key := func(name string, down bool) {
		steps = append(steps, []map[string]any{inputEvent("key", map[string]any{
			"down": down, "key": map[string]any{"type": "qcode", "data": name}})})
	}
	for _, name := range names {
		key(name, true)
	}
	for i := len(names) - 1; i >= 0; i-- {
		key(names[i], false)
	}
	return v.send(ctx, steps...)
}

func inputEvent(kind string, data map[string]any) map[string]any {
	return map[string]any{"type": kind, "data": data}
}

func (v *VM) send(ctx context.Context, steps ...[]map[string]any) error {
	for _, events := range steps {
		if err := v.Monitor.Execute(ctx, "input-send-event", map[string]any{"events": events}, nil); err != nil {
			return fmt.Errorf("virtual machine: input: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(held):
		}
	}
	return nil
}
